/* ArduinoJson 5's three names that the tutorial uses; it looks at nothing but success(). */
#ifndef STUB_ARDUINOJSON_H
#define STUB_ARDUINOJSON_H

#include "Arduino.h"

struct JsonObject {
    bool success() { return true; }
};

template <size_t SIZE> class StaticJsonBuffer {
public:
    JsonObject &parseObject(uint8_t *) { return object; }

private:
    JsonObject object;
};

#endif
