//! Devices that log in with a signed secret, answer commands and send photos to IoT clouds
