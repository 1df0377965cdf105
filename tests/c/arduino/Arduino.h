/* Stand-ins for the parts of Arduino that the sketches here use, on a computer. Not Arduino's own code. */
#ifndef STUB_ARDUINO_H
#define STUB_ARDUINO_H

#include <functional>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <string>

#define ESP32 1

typedef uint8_t byte;
typedef bool boolean;

/* Milliseconds: of this computer, or, when STUB_TIME is `virtual`, those that were waited for with delay(). */
unsigned long millis();
void delay(unsigned long ms);
uint32_t esp_random();
inline void yield() {}

class String {
public:
    String(const char *text = "") : text(text) {}
    explicit String(unsigned long number) : text(std::to_string(number)) {}
    explicit String(int number) : text(std::to_string(number)) {}
    const char *c_str() const { return text.c_str(); }
    unsigned int length() const { return (unsigned int)text.size(); }
    char operator[](unsigned int at) const { return text[at]; }
    String &operator+=(const String &more) { return text += more.text, *this; }
    String &operator+=(const char *more) { return text += more, *this; }
    String &operator+=(char more) { return text += more, *this; }
    friend String operator+(const String &a, const String &b) { return String((a.text + b.text).c_str()); }

private:
    std::string text;
};

/* What a sketch prints goes to standard output. */
struct StubSerial {
    void begin(unsigned long) {}
    void print(const char *text) { printf("%s", text); }
    void println(const char *text) { printf("%s\n", text); }
    void println(unsigned long number) { printf("%lu\n", number); }
    template <typename... Values> void printf(const char *format, Values... values) { ::printf(format, values...); }
};
extern StubSerial Serial;

/* What the test looks at afterwards: lines `name value` in the file STUB_REPORT. */
void stub_count(const char *name, long more = 1);

#endif
