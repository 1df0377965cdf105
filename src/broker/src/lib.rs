//! MQTT 3.1.1 broker with login, access and intercept hooks; knows nothing of faces
