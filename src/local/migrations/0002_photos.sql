-- Schema version 2: photos that arrived, whole or not.

-- `key` is the same for the same photo however often its chunks are delivered or replayed: what makes storing it
-- twice harmless. `device` is no foreign key: photos outlive the device. The file is `photos/<2 hex>/<sha256>.jpg`;
-- two rows with the same octets share one file. `missing` is JSON, `[[offset, length], ...]`.
CREATE TABLE photos (
    id          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    key         TEXT    NOT NULL UNIQUE,
    device      TEXT    NOT NULL,
    time_ms     INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    size        INTEGER NOT NULL,
    sha256      TEXT    NOT NULL,
    format      TEXT    NOT NULL,
    verified    TEXT    NOT NULL CHECK (verified IN ('crc', 'entropy', 'structure', 'none')),
    width       INTEGER NOT NULL,
    height      INTEGER NOT NULL,
    missing     TEXT    NOT NULL,
    problem     TEXT,
    chunks      INTEGER NOT NULL
) STRICT;
CREATE INDEX photos_by_device ON photos (device, id);
