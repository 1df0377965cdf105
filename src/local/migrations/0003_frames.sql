-- Schema version 3: which v2 frame a photo was, so that one that was given up and is sent again keeps to one row.

-- `epoch-frame id-capture time`, as its sender numbered it; NULL for hex, and for photos from before this version.
-- Not unique: a device that starts again may use a number again.
ALTER TABLE photos ADD COLUMN frame TEXT;
CREATE INDEX photos_by_frame ON photos (device, frame) WHERE frame IS NOT NULL;
