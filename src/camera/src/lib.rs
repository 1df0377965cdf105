//! Frame sources, JPEG in and out, and the strict JPEG check
