#ifndef STUB_FS_H
#define STUB_FS_H

#include "Arduino.h"
#include <memory>

#define FILE_READ "r"
#define FILE_WRITE "w"

namespace fs {

class File {
public:
    File() {}
    explicit File(FILE *file) : file(file, fclose) {}
    explicit operator bool() const { return (bool)file; }
    size_t read(uint8_t *out, size_t want) { return fread(out, 1, want, file.get()); }
    size_t write(const uint8_t *data, size_t len) { return len ? fwrite(data, 1, len, file.get()) : 0; }
    size_t position() const { return (size_t)ftell(file.get()); }
    size_t size() const {
        long at = ftell(file.get());
        fseek(file.get(), 0, SEEK_END);
        long end = ftell(file.get());
        fseek(file.get(), at, SEEK_SET);
        return (size_t)end;
    }
    bool seek(uint32_t at) { return fseek(file.get(), (long)at, SEEK_SET) == 0; }
    void close() { file.reset(); }

private:
    std::shared_ptr<FILE> file;
};

/* The folder STUB_CARD; without it there is no card. */
class FS {
public:
    File open(const char *path, const char *mode = FILE_READ);
    bool begin(bool = false);
    uint8_t cardType();
};

} // namespace fs

using fs::File;

#endif
