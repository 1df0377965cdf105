//! PyO3 skin of faceiot: no logic
