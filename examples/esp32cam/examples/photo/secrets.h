// Yours. Keep this file out of version control.
#define WIFI_SSID "network"
#define WIFI_PASSWORD "password"
#define PRODUCT_KEY "a1B2c3D4e5F"
#define DEVICE_NAME "door"
#define DEVICE_SECRET "0123456789abcdef0123456789abcdef"
// For the local cloud (`faceiot up --mqtt 0.0.0.0:1883`): the computer it runs on.
// #define LOCAL_HOST "192.168.1.10"
// #define LOCAL_PORT 1883
