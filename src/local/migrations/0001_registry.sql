-- Schema version 1: who may log in, what they last said, and what went wrong.

-- Products exist so that a product key can be listed and its host name put into the certificate before it has a device.
CREATE TABLE products (
    product_key TEXT    NOT NULL PRIMARY KEY,
    name        TEXT    NOT NULL,
    created_ms  INTEGER NOT NULL
) STRICT;

-- `id` is the text form of a device id: `aliyun:{product_key}:{device_name}` or `huawei:{device_id}`.
CREATE TABLE devices (
    id           TEXT    NOT NULL PRIMARY KEY,
    cloud        TEXT    NOT NULL CHECK (cloud IN ('aliyun', 'huawei')),
    product_key  TEXT    REFERENCES products (product_key),
    secret       TEXT    NOT NULL,
    enabled      INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
    created_ms   INTEGER NOT NULL,
    last_seen_ms INTEGER
) STRICT;

-- Counts changes to `devices`, so that a running cloud sees what another process did with one small query.
CREATE TABLE registry_generation (
    one        INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    generation INTEGER NOT NULL
) STRICT;
INSERT INTO registry_generation (one, generation) VALUES (1, 0);

-- The last value of each property. `value` is JSON as the device wrote it.
CREATE TABLE properties (
    device      TEXT    NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
    name        TEXT    NOT NULL,
    value       TEXT    NOT NULL,
    time_ms     INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    PRIMARY KEY (device, name)
) STRICT, WITHOUT ROWID;

-- Earlier values; pruned per property by the recorder.
CREATE TABLE property_history (
    id          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    device      TEXT    NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
    name        TEXT    NOT NULL,
    value       TEXT    NOT NULL,
    time_ms     INTEGER NOT NULL,
    received_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX property_history_by_name ON property_history (device, name, id);

-- What a device did wrong and what it was answered. `device` is empty for clients that never became a device, so
-- that strangers share one bounded part; no foreign key for the same reason.
CREATE TABLE device_log (
    id      INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    device  TEXT    NOT NULL,
    time_ms INTEGER NOT NULL,
    level   TEXT    NOT NULL CHECK (level IN ('info', 'warn')),
    code    INTEGER NOT NULL,
    text    TEXT    NOT NULL
) STRICT;
CREATE INDEX device_log_by_device ON device_log (device, id);
