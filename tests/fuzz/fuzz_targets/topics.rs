//! Topics: any text can be read, and what a builder writes belongs to the device that it was written for.
#![no_main]

use faceiot_core::topics::{TOPIC_BUFFER, aliyun, huawei};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    if let Some(topic) = aliyun::parse(&text) {
        assert!(!topic.product_key.contains(['/', '+', '#']) && !topic.device_name.contains(['/', '+', '#']));
        let _ = topic.kind.direction();
    }
    if let Some(topic) = huawei::parse(&text) {
        assert!(!topic.device_id.contains(['/', '+', '#']));
        let _ = topic.kind.direction();
    }
    let mut fields = text.split('\n');
    let mut field = || fields.next().unwrap_or_default();
    let (pk, dn, id) = (field(), field(), field());
    let mut out = [0; TOPIC_BUFFER];
    for build in [
        aliyun::event_post,
        aliyun::service,
        aliyun::service_reply,
        aliyun::rrpc_request,
        aliyun::custom,
        aliyun::system,
    ] {
        // `/sys/...`, `/ext/...` and the like are not a device's own topics, whatever its product key is called.
        if let Ok(topic) = build(pk, dn, id, &mut out)
            && !matches!(pk, "sys" | "ota" | "shadow" | "ext" | "broadcast")
        {
            let parsed = aliyun::parse(topic).unwrap();
            assert_eq!((parsed.product_key, parsed.device_name), (pk, dn));
        }
    }
    for build in [
        huawei::commands,
        huawei::command_response,
        huawei::properties_set,
        huawei::user,
    ] {
        if let Ok(topic) = build(pk, id, &mut out) {
            assert_eq!(huawei::parse(topic).unwrap().device_id, pk);
        }
    }
});
