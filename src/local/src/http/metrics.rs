//! Prometheus' text format, version 0.0.4.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

use super::Api;
use crate::tables;

pub(super) async fn metrics(State(api): State<Api>) -> impl IntoResponse {
    let mut text = Text::default();
    mqtt(&mut text, &api);
    devices(&mut text, &api);
    photos(&mut text, &api).await;
    if let Ok(free) = api.state.data_dir.free_bytes() {
        text.gauge(
            "faceiot_disk_free_bytes",
            "Octets free where the data folder is.",
            free,
        );
    }
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        text.0,
    )
}

fn mqtt(text: &mut Text, api: &Api) {
    let state = &api.state;
    let broker = state
        .broker()
        .map(faceiot_broker::Handle::stats)
        .unwrap_or_default();
    text.gauge(
        "faceiot_mqtt_connections",
        "Connections, logged in or not.",
        broker.connections,
    );
    text.gauge(
        "faceiot_mqtt_half_open",
        "Connections that have not logged in yet.",
        broker.half_open,
    );
    text.gauge(
        "faceiot_mqtt_sessions",
        "Sessions, connected or kept.",
        broker.sessions,
    );
    text.gauge(
        "faceiot_mqtt_queued_bytes",
        "Octets queued for sessions.",
        broker.queued_bytes,
    );
    text.gauge(
        "faceiot_mqtt_log_bytes",
        "Octets of the broker's log.",
        broker.log_bytes,
    );
    text.counter(
        "faceiot_mqtt_accepted_total",
        "Connections accepted.",
        broker.accepted,
    );
    text.counter(
        "faceiot_mqtt_over_cap_total",
        "Connections closed because a cap was reached.",
        broker.over_cap,
    );
    text.counter(
        "faceiot_mqtt_refused_logins_total",
        "Logins refused.",
        broker.refused,
    );
    text.counter(
        "faceiot_mqtt_protocol_errors_total",
        "Clients dropped for breaking the protocol.",
        broker.protocol_errors,
    );
    text.counter(
        "faceiot_mqtt_received_total",
        "Messages received.",
        broker.received,
    );
    text.counter(
        "faceiot_mqtt_received_bytes_total",
        "Octets of payload received.",
        broker.received_bytes,
    );
    text.counter("faceiot_mqtt_sent_total", "Messages sent.", broker.sent);
    text.counter(
        "faceiot_mqtt_sent_bytes_total",
        "Octets of payload sent.",
        broker.sent_bytes,
    );
    text.family(
        "faceiot_mqtt_dropped_total",
        "counter",
        "Messages dropped because a client did not keep up.",
    );
    text.sample(
        "faceiot_mqtt_dropped_total",
        Some(("qos", "0")),
        broker.dropped_qos0,
    );
    text.sample(
        "faceiot_mqtt_dropped_total",
        Some(("qos", "1")),
        broker.dropped_qos1,
    );
}

fn devices(text: &mut Text, api: &Api) {
    let state = &api.state;
    let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let counters = &state.counters;
    text.gauge(
        "faceiot_devices_online",
        "Devices connected.",
        state.presence.devices().len() as u64,
    );
    text.counter(
        "faceiot_foreign_topics_total",
        "Publications and subscriptions outside a device's own topics.",
        read(&counters.foreign_topics),
    );
    text.counter(
        "faceiot_bad_posts_total",
        "Posts refused or with a part left out.",
        read(&counters.bad_posts),
    );
    text.counter(
        "faceiot_properties_total",
        "Properties reported.",
        read(&counters.properties),
    );
    text.counter(
        "faceiot_device_events_total",
        "Events reported.",
        read(&counters.device_events),
    );
    text.counter(
        "faceiot_commands_total",
        "Commands sent.",
        read(&counters.commands),
    );
    text.gauge(
        "faceiot_commands_waiting",
        "Commands without an answer yet.",
        state.pending.len() as u64,
    );
    text.gauge(
        "faceiot_recorder_waiting_bytes",
        "Octets of reports waiting to be written.",
        state.recorder.waiting_bytes() as u64,
    );
    text.counter(
        "faceiot_recorder_dropped_total",
        "Reports and log lines that found the queue full.",
        state.recorder.dropped(),
    );
    text.counter(
        "faceiot_log_lines_left_out_total",
        "Log lines that were more than a device may write in a second.",
        state.recorder.left_out(),
    );
}

async fn photos(text: &mut Text, api: &Api) {
    let stats = api.state.photos.stats();
    text.counter(
        "faceiot_chunks_total",
        "Chunks of photos that came.",
        stats.chunks,
    );
    text.counter(
        "faceiot_bad_chunks_total",
        "Chunks that could not be used.",
        stats.bad_chunks,
    );
    text.counter(
        "faceiot_refused_chunks_total",
        "Chunks that were not taken: queue full, journal failing.",
        stats.refused,
    );
    text.family(
        "faceiot_photos_total",
        "counter",
        "Photos finished since the start.",
    );
    text.sample("faceiot_photos_total", Some(("as", "whole")), stats.photos);
    text.sample("faceiot_photos_total", Some(("as", "broken")), stats.broken);
    text.counter(
        "faceiot_photos_gave_way_total",
        "Photos dropped because memory was short.",
        stats.gave_way,
    );
    text.counter(
        "faceiot_photo_problems_total",
        "Problems reported.",
        api.state.counters.photo_problems.load(Ordering::Relaxed),
    );
    text.counter(
        "faceiot_photos_stored_total",
        "Rows of photos written since the start.",
        stats.stored,
    );
    text.counter(
        "faceiot_photo_store_failures_total",
        "Attempts to store a photo that failed.",
        stats.failures,
    );
    text.gauge("faceiot_photos_open", "Unfinished photos.", stats.open as u64);
    text.gauge(
        "faceiot_ingest_memory_bytes",
        "Octets held for unfinished photos.",
        stats.memory as u64,
    );
    text.gauge(
        "faceiot_ingest_queue_bytes",
        "Octets waiting for the photo worker.",
        stats.queued as u64,
    );
    if let Ok(bytes) = super::health::journal_bytes(&api.state.data_dir) {
        text.gauge("faceiot_journal_bytes", "Octets of the photos' journal.", bytes);
    }
    if let Ok(counts) = tables::photos_by_verified(api.state.registry.pool()).await {
        text.family(
            "faceiot_photos",
            "gauge",
            "Photos in the store, by what is known of them.",
        );
        for (verified, count) in counts {
            text.sample("faceiot_photos", Some(("verified", verified)), count);
        }
    }
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn gauge(&mut self, name: &str, help: &str, value: u64) {
        self.family(name, "gauge", help);
        self.sample(name, None, value);
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.family(name, "counter", help);
        self.sample(name, None, value);
    }

    fn family(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a String does not fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    /// Labels are this crate's own words: nothing a device chose, so nothing to escape and no end of series.
    fn sample(&mut self, name: &str, label: Option<(&str, &str)>, value: u64) {
        let _ = match label {
            Some((key, of)) => writeln!(self.0, "{name}{{{key}=\"{of}\"}} {value}"),
            None => writeln!(self.0, "{name} {value}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_prometheus() {
        let mut text = Text::default();
        text.counter("a_total", "Things.", 3);
        text.family("b", "gauge", "Others.");
        text.sample("b", Some(("kind", "crc")), 1);
        assert_eq!(
            text.0,
            "# HELP a_total Things.\n# TYPE a_total counter\na_total 3\n# HELP b Others.\n# TYPE b gauge\nb{kind=\"crc\"} 1\n"
        );
    }
}
