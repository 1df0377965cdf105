# The functions of the C library that modfaceiot.c calls.
FACEIOT_SYMBOLS := \
	faceiot_aliyun_login \
	faceiot_crc32 \
	faceiot_hex_next \
	faceiot_hmac_md5 \
	faceiot_hmac_sha1 \
	faceiot_hmac_sha256 \
	faceiot_huawei_login \
	faceiot_md5 \
	faceiot_sha1 \
	faceiot_sha256 \
	faceiot_strerror \
	faceiot_v2_next \
	faceiot_v2_text \
	faceiot_wipe
