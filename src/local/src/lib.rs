//! The local cloud: registry, broker rules, ingest to disk, HTTP, page
