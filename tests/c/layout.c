/* Prints the layout of every struct of the header, to be compared with what Rust says. */
#include <stdio.h>

#include "faceiot.h"

#define SIZE(type) printf(#type " %u\n", (unsigned)sizeof(type))
#define FIELD(type, field) printf(#type "." #field " %u\n", (unsigned)offsetof(type, field))

int main(void) {
    SIZE(faceiot_login);
    FIELD(faceiot_login, host);
    FIELD(faceiot_login, password);
    FIELD(faceiot_login, port);
    SIZE(faceiot_aliyun_device);
    FIELD(faceiot_aliyun_device, device_secret);
    SIZE(faceiot_aliyun_options);
    FIELD(faceiot_aliyun_options, extra);
    FIELD(faceiot_aliyun_options, secure_mode);
    FIELD(faceiot_aliyun_options, lower_hex);
    SIZE(faceiot_aliyun_registration);
    FIELD(faceiot_aliyun_registration, instance_id);
    FIELD(faceiot_aliyun_registration, method);
    FIELD(faceiot_aliyun_registration, port);
    SIZE(faceiot_aliyun_registered_info);
    FIELD(faceiot_aliyun_registered_info, device_token);
    SIZE(faceiot_source);
    FIELD(faceiot_source, context);
    FIELD(faceiot_source, position);
    SIZE(faceiot_hex_encoder);
    FIELD(faceiot_hex_encoder, stage);
    SIZE(faceiot_hex_assembler);
    SIZE(faceiot_v2_encoder);
    FIELD(faceiot_v2_encoder, time_ms);
    FIELD(faceiot_v2_encoder, epoch);
    FIELD(faceiot_v2_encoder, retransmit);
    FIELD(faceiot_v2_encoder, ahead);
    SIZE(faceiot_v2_assembler);
    SIZE(faceiot_range);
    FIELD(faceiot_range, end);
    SIZE(faceiot_text);
    FIELD(faceiot_text, len);
    SIZE(faceiot_command_info);
    FIELD(faceiot_command_info, params);
    FIELD(faceiot_command_info, form);
    return 0;
}
