/* The tutorial's three functions as a sketch calls them: STUB_CALL chooses. Prints what they returned. */
#include <WiFi.h>
#include <aliyunmqtt.h>

static WiFiClient wifi;
static PubSubClient mqtt(wifi);

void setup() {
    const char *call = getenv("STUB_CALL");
    if (strcmp(call, "prepared") == 0) {
        mqtt_prepare("23668", "k0abcdefgIM", "esp001_001", "589abcdef0123456789abcdef01e0f");
        printf("%d\n", connect_aliyun_mqtt_With_password(mqtt, "ABCDEF"));
    } else {
        printf("%d\n", connect_aliyun_mqtt(mqtt, "k0abcdefgIM", "esp001_001", "589abcdef0123456789abcdef01e0f", "us-west-1"));
        if (strcmp(call, "twice") == 0)
            printf("%d\n", connect_aliyun_mqtt(mqtt, "k0abcdefgIM", "esp001_001", "589abcdef0123456789abcdef01e0f"));
    }
    printf("state %d\n", mqtt.state());
}

void loop() {}
