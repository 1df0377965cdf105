//! The examples of every kind's help. Keys and secrets in them are those of the vendors' documents and of `tests/vectors`.

pub(super) const VERIFY_ALIYUN_MQTT: &str = r#"Examples:
  faceiot verify aliyun-mqtt --client-id '12345|securemode=3,signmethod=hmacsha1,timestamp=789|' --username 'device&pk' --password-file password.txt --secret-file secret.txt
  faceiot verify aliyun-mqtt --json   < request.json

request.json:
  {"client_id": "12345|securemode=3,signmethod=hmacsha1,timestamp=789|", "username": "device&pk", "password": "FAFD82A3D602B37FB0FA8B7892F24A477F851A14", "device_secret": "secret"}"#;

pub(super) const VERIFY_HUAWEI_MQTT: &str = r#"Examples:
  faceiot verify huawei-mqtt --client-id p_n_0_0_2026010203 --username p_n --password-file password.txt --secret-file secret.txt
  faceiot verify huawei-mqtt --json   < request.json

request.json:
  {"client_id": "p_n_0_0_2026010203", "username": "p_n", "password": "c78e094c27ad0ef1cf5ac14b45d7f3121d9f0e532c81c7886c62ffa9cdbc3b82", "device_secret": "ac4263b86eaf6442997a"}"#;

pub(super) const ALIYUN_REGISTER: &str = r#"Examples:
  faceiot sign aliyun-register --product-key 1234556554 --device-name deviceName1234 --secret-file secret.txt
  faceiot sign aliyun-register --json   < request.json

request.json:
  {"variant": "register", "product_key": "1234556554", "device_name": "deviceName1234", "product_secret": "adsfweafdsf"}"#;

pub(super) const VERIFY_ALIYUN_REGISTER: &str = r#"Examples:
  faceiot verify aliyun-register --json   < request.json

request.json:
  {"product_key": "1234556554", "device_name": "deviceName1234", "random": "567345", "sign_method": "hmacsha1", "signature": "efb1bdcd7fc888c57e47e6cc580bf2ac170c8000", "product_secret": "adsfweafdsf"}"#;

pub(super) const ALIYUN_AMQP: &str = r#"Examples:
  faceiot sign aliyun-amqp --access-key-id testid --secret-file secret.txt --client-id c1 --consumer-group-id DEFAULT_GROUP
  faceiot sign aliyun-amqp --json   < request.json

request.json:
  {"access_key_id": "testid", "client_id": "c1", "consumer_group_id": "DEFAULT_GROUP", "access_key_secret": "testsecret"}"#;

pub(super) const VERIFY_ALIYUN_AMQP: &str = r#"Examples:
  faceiot verify aliyun-amqp --json   < request.json

request.json:
  {"username": "esp32_001|authMode=aksign,signMethod=hmacsha1,timestamp=1573489088171,authId=testid,iotInstanceId=iot-0600uabctxxsx,consumerGroupId=DEFAULT_GROUP|", "password": "RG+3WYzI9qDD0P9m6ER+maK4yH0=", "access_key_secret": "testsecret"}"#;

pub(super) const ALIYUN_RPC: &str = r#"Examples:
  faceiot sign aliyun-rpc --access-key-id testid --secret-file secret.txt --host ecs.aliyuncs.com --query Action=DescribeRegions --query Version=2014-05-26
  faceiot sign aliyun-rpc --json   < request.json

request.json:
  {"access_key_id": "testid", "query": {"Action": "DescribeRegions", "Format": "XML", "Version": "2014-05-26"}, "access_key_secret": "testsecret"}"#;

pub(super) const VERIFY_ALIYUN_RPC: &str = r#"Examples:
  faceiot verify aliyun-rpc --json   < request.json

request.json:
  {"query": {"TimeStamp": "2016-02-23T12:46:24Z", "Format": "XML", "AccessKeyId": "testid", "Action": "DescribeRegions", "SignatureMethod": "HMAC-SHA1", "SignatureNonce": "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf", "Version": "2014-05-26", "SignatureVersion": "1.0", "Signature": "CT9X0VtwR86fNWSnsc6v8YGOjuE="}, "access_key_secret": "testsecret"}"#;

pub(super) const ALIYUN_ROA: &str = r#"Examples:
  faceiot sign aliyun-roa --access-key-id testid --secret-file secret.txt --path /clusters --header 'x-acs-version: 2015-12-15'
  faceiot sign aliyun-roa --json   < request.json

request.json:
  {"access_key_id": "testid", "method": "GET", "path": "/clusters", "headers": {"x-acs-version": "2015-12-15"}, "access_key_secret": "testsecret"}"#;

pub(super) const VERIFY_ALIYUN_ROA: &str = r#"Examples:
  faceiot verify aliyun-roa --json   < request.json

request.json:
  {"method": "GET", "path": "/clusters", "query": {"z": "1", "a": "2", "M": "3", "RegionId": "cn-hangzhou"}, "headers": {"x-acs-version": "2015-12-15", "x-acs-region-id": "cn-hangzhou", "Date": "Fri, 17 Aug 2018 08:23:38 GMT", "Accept": "application/json", "x-acs-signature-method": "HMAC-SHA1", "x-acs-signature-version": "1.0", "Authorization": "acs testid:kzgzJWEjhBYeIZzvml7egzk8DRA="}, "access_key_secret": "testsecret"}"#;

pub(super) const ALIYUN_ACS3: &str = r#"Examples:
  faceiot sign aliyun-acs3 --access-key-id testid --secret-file secret.txt --host facebody.cn-shanghai.aliyuncs.com --header 'x-acs-action: SearchFace' --header 'x-acs-version: 2019-12-30' --body-file form.txt
  faceiot sign aliyun-acs3 --json   < request.json

request.json:
  {"access_key_id": "testid", "host": "facebody.cn-shanghai.aliyuncs.com", "headers": {"x-acs-action": "SearchFace", "x-acs-version": "2019-12-30"}, "query": {"Limit": "5"}, "access_key_secret": "testsecret"}"#;

pub(super) const VERIFY_ALIYUN_ACS3: &str = r#"Examples:
  faceiot verify aliyun-acs3 --json   < request.json

request.json:
  {"method": "GET", "path": "/", "headers": {"host": "facebody.cn-shanghai.aliyuncs.com", "x-acs-version": "2019-12-30", "x-acs-action": "SearchFace", "x-acs-date": "2018-08-17T08:23:38Z", "x-acs-signature-nonce": "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf", "x-acs-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "Authorization": "ACS3-HMAC-SHA256 Credential=testid,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature=c16b602e3a9081f897e94d86fbdcd6adfb9c166c30f8b2bf9a6806c805970b6e"}, "access_key_secret": "testsecret"}"#;

pub(super) const ALIYUN_DATAPLUS: &str = r#"Examples:
  faceiot sign aliyun-dataplus --access-key-id testid --secret-file secret.txt --path /face/attribute --body-file photo.json
  faceiot sign aliyun-dataplus --json   < request.json

request.json:
  {"access_key_id": "testid", "path": "/face/attribute", "body": "{\"type\":0,\"image_url\":\"http://a/1.jpg\"}", "access_key_secret": "testsecret"}"#;

pub(super) const VERIFY_ALIYUN_DATAPLUS: &str = r#"Examples:
  faceiot verify aliyun-dataplus --json   < request.json

request.json:
  {"path": "/face/attribute", "body": "{\"type\":0,\"image_url\":\"http://a/1.jpg\"}", "headers": {"Accept": "application/json", "Content-Type": "application/json", "Date": "Fri, 17 Aug 2018 08:23:38 GMT", "Authorization": "Dataplus testid:1yCziB6ZyM6FCyLZ2CxZhhcj3Ms="}, "access_key_secret": "testsecret"}"#;

pub(super) const OSS_V1: &str = r#"Examples:
  faceiot sign oss-v1 --access-key-id testid --secret-file secret.txt --method PUT --bucket examplebucket --key a.jpg --header 'Content-Type: image/jpeg'
  faceiot sign oss-v1 --json   < request.json

request.json:
  {"access_key_id": "testid", "method": "PUT", "bucket": "examplebucket", "key": "a.jpg", "headers": {"Content-Type": "image/jpeg"}, "access_key_secret": "testsecret"}"#;

pub(super) const VERIFY_OSS_V1: &str = r#"Examples:
  faceiot verify oss-v1 --json   < request.json

request.json:
  {"method": "PUT", "bucket": "examplebucket", "key": "a.jpg", "headers": {"Content-Type": "image/jpeg", "Content-MD5": "XUFAKrxLKna5cZ2REBfFkg==", "x-oss-meta-Dev": "raspi_001", "x-oss-object-acl": "private", "date": "Fri, 17 Aug 2018 08:23:38 GMT", "authorization": "OSS testid:0zeBBfMIAxiXZY5kS8LzQG9YB/o="}, "access_key_secret": "testsecret"}"#;

pub(super) const OSS_V4: &str = r#"Examples:
  faceiot sign oss-v4 --access-key-id testid --secret-file secret.txt --method PUT --bucket examplebucket --key a.jpg --header 'Content-Type: image/jpeg' --region cn-shanghai
  faceiot sign oss-v4 --json   < request.json

request.json:
  {"access_key_id": "testid", "method": "PUT", "bucket": "examplebucket", "key": "a.jpg", "headers": {"Content-Type": "image/jpeg"}, "access_key_secret": "testsecret", "region": "cn-shanghai"}"#;

pub(super) const VERIFY_OSS_V4: &str = r#"Examples:
  faceiot verify oss-v4 --json   < request.json

request.json:
  {"method": "PUT", "bucket": "examplebucket", "key": "a.jpg", "headers": {"Content-Type": "image/jpeg", "Content-MD5": "XUFAKrxLKna5cZ2REBfFkg==", "x-oss-meta-Dev": "raspi_001", "x-oss-object-acl": "private", "x-oss-date": "20180817T082338Z", "x-oss-content-sha256": "UNSIGNED-PAYLOAD", "authorization": "OSS4-HMAC-SHA256 Credential=testid/20180817/cn-shanghai/oss/aliyun_v4_request, Signature=e523f18d3df3b9c9cd86dab937237af140b109f2dd8ffbc1d945212725063eb4"}, "access_key_secret": "testsecret"}"#;

pub(super) const OSS_V1_URL: &str = r#"Examples:
  faceiot sign oss-v1-url --access-key-id testid --secret-file secret.txt --bucket examplebucket --key a.jpg --region cn-shanghai --expires 600
  faceiot sign oss-v1-url --json   < request.json

request.json:
  {"access_key_id": "testid", "bucket": "examplebucket", "key": "a.jpg", "region": "cn-shanghai", "expires": 600, "access_key_secret": "testsecret"}"#;

pub(super) const VERIFY_OSS_V1_URL: &str = r#"Examples:
  faceiot verify oss-v1-url --json   < request.json

request.json:
  {"method": "GET", "bucket": "examplebucket", "key": "piPhotos/raspi1534494218.jpg", "query": {"OSSAccessKeyId": "testid", "Expires": "1534497818", "Signature": "xFDjNrDifPWgwLD+LvGmcmDs4MM="}, "timestamp": 1534494218, "access_key_secret": "testsecret"}"#;

pub(super) const OSS_V4_URL: &str = r#"Examples:
  faceiot sign oss-v4-url --access-key-id testid --secret-file secret.txt --bucket examplebucket --key a.jpg --region cn-shanghai --expires 600
  faceiot sign oss-v4-url --json   < request.json

request.json:
  {"access_key_id": "testid", "bucket": "examplebucket", "key": "a.jpg", "region": "cn-shanghai", "expires": 600, "access_key_secret": "testsecret"}"#;

pub(super) const VERIFY_OSS_V4_URL: &str = r#"Examples:
  faceiot verify oss-v4-url --json   < request.json

request.json:
  {"method": "GET", "bucket": "examplebucket", "key": "piPhotos/raspi1534494218.jpg", "query": {"x-oss-date": "20180817T082338Z", "x-oss-expires": "3600", "x-oss-signature-version": "OSS4-HMAC-SHA256", "x-oss-credential": "testid/20180817/cn-shanghai/oss/aliyun_v4_request", "x-oss-signature": "08aabc03db25251e7c9ca1704a936c5bac4df2e3828fd3c44bc84227712e81c8"}, "timestamp": 1534494218, "access_key_secret": "testsecret"}"#;

pub(super) const TABLESTORE_V2: &str = r#"Examples:
  faceiot sign tablestore-v2 --access-key-id testid --secret-file secret.txt --instance myinstance --path /ListTable
  faceiot sign tablestore-v2 --json   < request.json

request.json:
  {"access_key_id": "testid", "instance": "myinstance", "path": "/ListTable", "access_key_secret": "testsecret"}"#;

pub(super) const VERIFY_TABLESTORE_V2: &str = r#"Examples:
  faceiot verify tablestore-v2 --json   < request.json

request.json:
  {"path": "/ListTable", "headers": {"x-ots-date": "2018-08-17T08:23:38.000Z", "x-ots-apiversion": "2015-12-31", "x-ots-accesskeyid": "testid", "x-ots-instancename": "myinstance", "x-ots-contentmd5": "1B2M2Y8AsgTpgAmY7PhCfg==", "x-ots-signature": "qqNmHrgYcnlp/H2/yDQrme9WNvk="}, "access_key_secret": "testsecret"}"#;

pub(super) const TABLESTORE_V4: &str = r#"Examples:
  faceiot sign tablestore-v4 --access-key-id testid --secret-file secret.txt --instance myinstance --path /ListTable --region cn-hangzhou
  faceiot sign tablestore-v4 --json   < request.json

request.json:
  {"access_key_id": "testid", "instance": "myinstance", "path": "/ListTable", "access_key_secret": "testsecret", "region": "cn-hangzhou"}"#;

pub(super) const VERIFY_TABLESTORE_V4: &str = r#"Examples:
  faceiot verify tablestore-v4 --json   < request.json

request.json:
  {"path": "/ListTable", "headers": {"x-ots-date": "2018-08-17T08:23:38.000Z", "x-ots-apiversion": "2015-12-31", "x-ots-accesskeyid": "testid", "x-ots-instancename": "myinstance", "x-ots-contentmd5": "1B2M2Y8AsgTpgAmY7PhCfg==", "x-ots-signdate": "20180817", "x-ots-signregion": "cn-hangzhou", "x-ots-signaturev4": "3o3z25zeZ0osxYSdK/A7FCOcTmSZojd3drrTTdLHmJo="}, "access_key_secret": "testsecret"}"#;

pub(super) const HUAWEI_BOOTSTRAP: &str = r#"Examples:
  faceiot sign huawei-bootstrap --device-id p_n --scope-id ff5bbx7a488f --secret-file secret.txt
  faceiot sign huawei-bootstrap --json   < request.json

request.json:
  {"device_id": "p_n", "scope_id": "ff5bbx7a488f", "group_secret": "Z3JvdXAtc2VjcmV0LTAwMDE="}"#;

pub(super) const VERIFY_HUAWEI_BOOTSTRAP: &str = r#"Examples:
  faceiot verify huawei-bootstrap --json   < request.json

request.json:
  {"client_id": "5fbbb784b4ec2202e982e643_868540050954037_0_ff5bbx7a488f_0_2026010203", "username": "5fbbb784b4ec2202e982e643_868540050954037", "password": "125967bb0b7754eb9ed12616d5b4239670618a0d5cadde20dfe6e8673d234248", "group_secret": "Z3JvdXAtc2VjcmV0LTAwMDE="}"#;

pub(super) const HUAWEI_AKSK: &str = r#"Examples:
  faceiot sign huawei-aksk --access-key-id AKEXAMPLE --secret-file secret.txt --host iotda.cn-north-4.myhuaweicloud.com --path /v5/iot/p/devices
  faceiot sign huawei-aksk --json   < request.json

request.json:
  {"access_key_id": "AKEXAMPLE", "method": "GET", "host": "iotda.cn-north-4.myhuaweicloud.com", "path": "/v5/iot/p/devices", "access_key_secret": "sk"}"#;

pub(super) const VERIFY_HUAWEI_AKSK: &str = r#"Examples:
  faceiot verify huawei-aksk --json   < request.json

request.json:
  {"method": "GET", "path": "/v5/iot/0123456789abcdef0123456789abcdef/devices", "headers": {"X-Sdk-Date": "20260102T030405Z", "Host": "iotda.cn-north-4.myhuaweicloud.com", "Authorization": "SDK-HMAC-SHA256 Access=AKEXAMPLE0000000TEST, SignedHeaders=host;x-sdk-date, Signature=7820e4d437eb65bbc295d12ed0f8a0fec667a1653c46e4b96a277bbf69c2ac91"}, "access_key_secret": "skExampleSecretKey0123456789abcdefghijkl"}"#;

pub(super) const HUAWEI_V11: &str = r#"Examples:
  faceiot sign huawei-v11 --access-key-id AKEXAMPLE --secret-file secret.txt --host a160ff9245.st1.iotda-app.cn-north-4.myhuaweicloud.com --path /v5/iot/p/devices --region cn-north-4
  faceiot sign huawei-v11 --json   < request.json

request.json:
  {"access_key_id": "AKEXAMPLE", "method": "GET", "host": "a160ff9245.st1.iotda-app.cn-north-4.myhuaweicloud.com", "path": "/v5/iot/p/devices", "access_key_secret": "sk", "region": "cn-north-4"}"#;

pub(super) const VERIFY_HUAWEI_V11: &str = r#"Examples:
  faceiot verify huawei-v11 --json   < request.json

request.json:
  {"method": "GET", "path": "/v5/iot/0123456789abcdef0123456789abcdef/devices", "headers": {"X-Sdk-Date": "20260102T030405Z", "Host": "a160ff9245.st1.iotda-app.cn-north-4.myhuaweicloud.com", "Authorization": "V11-HMAC-SHA256 Credential=AKEXAMPLE0000000TEST/20260102/cn-north-4/iotdm, SignedHeaders=host;x-sdk-date, Signature=ddf3acda5b6283bf0612ac84971ecb9a728f37b1d217a11a20ad838969d130a5"}, "access_key_secret": "skExampleSecretKey0123456789abcdefghijkl"}"#;

pub(super) const HUAWEI_AMQP: &str = r#"Examples:
  faceiot sign huawei-amqp --access-key abcdefgh --secret-file secret.txt
  faceiot sign huawei-amqp --json   < request.json

request.json:
  {"access_key": "abcdefgh", "access_code": "code"}"#;

pub(super) const VERIFY_HUAWEI_AMQP: &str = r#"Examples:
  faceiot verify huawei-amqp --json   < request.json

request.json:
  {"username": "accessKey=abcdefgh|timestamp=1767323045000", "password": "code", "access_code": "code", "timestamp": 1767323045}"#;

pub(super) const MEITUAN_V2: &str = r#"Examples:
  faceiot sign meituan-v2 --access-key-id testid --secret-file secret.txt --form Action=GetBalance --form Format=json
  faceiot sign meituan-v2 --json   < request.json

request.json:
  {"access_key_id": "testid", "form": {"Action": "GetBalance", "Format": "json"}, "access_key_secret": "testsecret"}"#;

pub(super) const VERIFY_MEITUAN_V2: &str = r#"Examples:
  faceiot verify meituan-v2 --json   < request.json

request.json:
  {"form": {"AWSAccessKeyId": "8b5ad48388a347c185b6b7b0ba9e6225", "Action": "GetBalance", "Format": "json", "SignatureMethod": "HmacSHA256", "SignatureVersion": "2", "Timestamp": "2016-11-14T03:10:55.000Z", "Signature": "BLZ8kqMzyTzAg/o6p5JdGs7imQlYXJG9effsKo0zqsU="}, "access_key_secret": "faceiot-example-secret-key-000001"}"#;
