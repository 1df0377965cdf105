//! The faceiot command
