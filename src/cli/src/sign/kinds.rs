//! The table of signatures: what each one is called, reads, and does.

use super::answer::{Checked, Signed};
use super::arguments::{Argument, Arguments, Form};
use super::{consumer, examples, huawei, login, meituan, oss, pop, register, tablestore};
use crate::failure::Failure;

/// A signature of the command line.
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) examples: &'static str,
    pub(super) verify_examples: &'static str,
    /// What may be said to `sign`.
    pub(super) arguments: &'static [Argument],
    /// What may be said to `verify`.
    pub(super) carries: &'static [Argument],
    /// The keys under which a JSON object holds the secret.
    pub(super) secrets: &'static [&'static str],
    /// The variable of the environment that holds it.
    pub(super) variable: &'static str,
    pub(super) sign: fn(&Arguments) -> Result<Signed, Failure>,
    pub(super) verify: fn(&Arguments) -> Result<Checked, Failure>,
}

impl Kind {
    /// Every argument: a JSON object that was signed may be verified with what it carries added.
    pub(super) fn all_arguments(&self) -> impl Iterator<Item = &'static Argument> {
        let (arguments, carries) = (self.arguments, self.carries);
        arguments.iter().chain(
            carries
                .iter()
                .filter(|one| !arguments.iter().any(|other| other.name == one.name)),
        )
    }
}

const ACCESS_KEY: &[&str] = &["access_key_secret"];
const ACCESS_KEY_VARIABLE: &str = "FACEIOT_ACCESS_KEY_SECRET";
const DEVICE_VARIABLE: &str = "FACEIOT_DEVICE_SECRET";

const fn text(name: &'static str, flag: &'static str, help: &'static str) -> Argument {
    Argument {
        name,
        flag,
        form: Form::Text,
        help,
    }
}

const fn switch(name: &'static str, flag: &'static str, help: &'static str) -> Argument {
    Argument {
        name,
        flag,
        form: Form::Switch,
        help,
    }
}

const ID: Argument = text("access_key_id", "access-key-id", "The access key's id");
const METHOD: Argument = text("method", "method", "HTTP method");
const HOST: Argument = text("host", "host", "Host name of the request");
const PATH: Argument = text("path", "path", "Path, not encoded, without the query");
const SENT_PATH: Argument = text("path", "path", "Path as it is sent");
const REGION: Argument = text("region", "region", "Region, such as cn-shanghai");
const NONCE: Argument = text(
    "nonce",
    "nonce",
    "A text that no other request has [default: a random one]",
);
const TIME: Argument = text(
    "timestamp",
    "timestamp",
    "Seconds or milliseconds since 1970, or the time as it is sent [default: now]",
);
const NOW: Argument = text(
    "timestamp",
    "timestamp",
    "The time to check against [default: now]",
);
const QUERY: Argument = Argument {
    name: "query",
    flag: "query",
    form: Form::Pairs,
    help: "A parameter of the query, not encoded; may be repeated",
};
const FORM: Argument = Argument {
    name: "form",
    flag: "form",
    form: Form::Pairs,
    help: "A parameter of the form, not encoded; may be repeated",
};
const HEADERS: Argument = Argument {
    name: "headers",
    flag: "header",
    form: Form::Headers,
    help: "A header; may be repeated",
};
const BODY: Argument = Argument {
    name: "body",
    flag: "body",
    form: Form::Body,
    help: "The body of the request; body_base64 in JSON",
};
const TOKEN: Argument = Argument {
    name: "security_token",
    flag: "security-token-file",
    form: Form::Private("FACEIOT_SECURITY_TOKEN"),
    help: "A file that holds the security token of temporary credentials (STS)",
};
const PASSWORD: Argument = Argument {
    name: "password",
    flag: "password-file",
    form: Form::Private("FACEIOT_PASSWORD"),
    help: "A file that holds the password of the login",
};
const BUCKET: Argument = text("bucket", "bucket", "Bucket");
const KEY: Argument = text("key", "key", "Key of the object, not encoded");
const EXPIRES: Argument = text(
    "expires",
    "expires",
    "Seconds for which the URL may be used [default: 3600]",
);
const ADDITIONAL: Argument = text(
    "additional_headers",
    "additional-headers",
    "Further headers to sign, joined by `;`",
);
const CLIENT_ID: Argument = text("client_id", "client-id", "Client id");
const USERNAME: Argument = text("username", "username", "User name");
const PRODUCT_KEY: Argument = text("product_key", "product-key", "ProductKey");
const DEVICE_NAME: Argument = text("device_name", "device-name", "DeviceName");
const DEVICE_ID: Argument = text("device_id", "device-id", "Device id");
const SIGN_METHOD: Argument = text(
    "sign_method",
    "sign-method",
    "hmacmd5, hmacsha1 or hmacsha256 [default: hmacsha256]",
);
const INSTANCE_ID: Argument = text("instance_id", "instance-id", "Instance, when there is one");
const RANDOM: Argument = text(
    "random",
    "random",
    "Random text that is signed [default: a new one]",
);
const SECURE_MODE: Argument = text(
    "secure_mode",
    "secure-mode",
    "securemode of the client id; not signed",
);
const HOUR: Argument = text(
    "hour",
    "hour",
    "The hour that signs, YYYYMMDDHH in UTC [default: now]",
);
const VARIANT: Argument = text(
    "variant",
    "variant",
    "https, register or regnwl (MQTT), topo-add, batch-login [default: https]",
);
const RESPONSE: Argument = switch(
    "response",
    "response",
    "It is the response to a request of this path",
);
const SIGNER_STRING: Argument = text(
    "string_to_sign",
    "string-to-sign",
    "What the other side signed, to see where it differs",
);
const SIGNER_CANONICAL: Argument = text(
    "canonical",
    "canonical",
    "The other side's canonical request, to see where it differs",
);

/// Every signature, in the order of the help.
pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "aliyun-mqtt",
        about: "The MQTT login of an Aliyun device",
        examples: "",
        verify_examples: examples::VERIFY_ALIYUN_MQTT,
        arguments: &[
            PRODUCT_KEY,
            DEVICE_NAME,
            CLIENT_ID,
            METHOD,
            TIME,
            SECURE_MODE,
            Argument {
                name: "extra",
                flag: "extra",
                form: Form::Pairs,
                help: "A further item of the client id",
            },
            REGION,
            INSTANCE_ID,
            text("port", "port", "Port"),
            text("hex_upper", "hex-upper", "false: the password in lower-case hex"),
        ],
        carries: &[CLIENT_ID, USERNAME, PASSWORD, SIGNER_STRING],
        secrets: &["device_secret"],
        variable: DEVICE_VARIABLE,
        sign: login::sign_aliyun,
        verify: login::verify_aliyun,
    },
    Kind {
        name: "huawei-mqtt",
        about: "The MQTT login of a Huawei device",
        examples: "",
        verify_examples: examples::VERIFY_HUAWEI_MQTT,
        arguments: &[
            DEVICE_ID,
            text("sign_type", "sign-type", "0 or 1"),
            HOUR,
            HOST,
            text("port", "port", "Port"),
            TIME,
        ],
        carries: &[CLIENT_ID, USERNAME, PASSWORD, NOW],
        secrets: &["device_secret"],
        variable: DEVICE_VARIABLE,
        sign: login::sign_huawei,
        verify: login::verify_huawei,
    },
    Kind {
        name: "aliyun-register",
        about: "Dynamic registration of an Aliyun device, and what gateways sign for sub-devices",
        examples: examples::ALIYUN_REGISTER,
        verify_examples: examples::VERIFY_ALIYUN_REGISTER,
        arguments: &[
            VARIANT,
            PRODUCT_KEY,
            DEVICE_NAME,
            RANDOM,
            NONCE,
            SIGN_METHOD,
            REGION,
            CLIENT_ID,
            SECURE_MODE,
            INSTANCE_ID,
            TIME,
        ],
        carries: &[
            VARIANT,
            PRODUCT_KEY,
            DEVICE_NAME,
            RANDOM,
            SIGN_METHOD,
            TIME,
            CLIENT_ID,
            USERNAME,
            PASSWORD,
            text("signature", "signature", "`sign` of the form or of the payload"),
            SIGNER_STRING,
        ],
        secrets: &["product_secret", "device_secret"],
        variable: DEVICE_VARIABLE,
        sign: register::sign_aliyun,
        verify: register::verify_aliyun,
    },
    Kind {
        name: "aliyun-amqp",
        about: "The AMQP or STOMP login of a consumer of Aliyun's server-side subscriptions",
        examples: examples::ALIYUN_AMQP,
        verify_examples: examples::VERIFY_ALIYUN_AMQP,
        arguments: &[
            ID,
            TOKEN,
            CLIENT_ID,
            text("consumer_group_id", "consumer-group-id", "Consumer group"),
            INSTANCE_ID,
            TIME,
            SIGN_METHOD,
            switch(
                "base64_bodies",
                "base64-bodies",
                "Ask for message bodies in base64",
            ),
        ],
        carries: &[USERNAME, PASSWORD, SIGNER_STRING],
        secrets: ACCESS_KEY,
        variable: ACCESS_KEY_VARIABLE,
        sign: consumer::sign_aliyun,
        verify: consumer::verify_aliyun,
    },
    Kind {
        name: "aliyun-rpc",
        about: "A POP RPC request, signature 1.0 (IoT, Face, ECS)",
        examples: examples::ALIYUN_RPC,
        verify_examples: examples::VERIFY_ALIYUN_RPC,
        arguments: &[ID, TOKEN, METHOD, HOST, QUERY, FORM, TIME, NONCE],
        carries: &[METHOD, QUERY, FORM, SIGNER_STRING, SIGNER_CANONICAL],
        secrets: ACCESS_KEY,
        variable: ACCESS_KEY_VARIABLE,
        sign: pop::sign_rpc,
        verify: pop::verify_rpc,
    },
    Kind {
        name: "aliyun-roa",
        about: "A POP ROA request, signature 1.0",
        examples: examples::ALIYUN_ROA,
        verify_examples: examples::VERIFY_ALIYUN_ROA,
        arguments: &[ID, TOKEN, METHOD, SENT_PATH, QUERY, HEADERS, BODY, TIME, NONCE],
        carries: &[METHOD, SENT_PATH, QUERY, HEADERS, BODY, SIGNER_STRING],
        secrets: ACCESS_KEY,
        variable: ACCESS_KEY_VARIABLE,
        sign: pop::sign_roa,
        verify: pop::verify_roa,
    },
    Kind {
        name: "aliyun-acs3",
        about: "A POP request, ACS3-HMAC-SHA256",
        examples: examples::ALIYUN_ACS3,
        verify_examples: examples::VERIFY_ALIYUN_ACS3,
        arguments: &[ID, TOKEN, METHOD, HOST, PATH, QUERY, HEADERS, BODY, TIME, NONCE],
        carries: &[
            METHOD,
            HOST,
            PATH,
            QUERY,
            HEADERS,
            BODY,
            SIGNER_STRING,
            SIGNER_CANONICAL,
        ],
        secrets: ACCESS_KEY,
        variable: ACCESS_KEY_VARIABLE,
        sign: pop::sign_acs3,
        verify: pop::verify_acs3,
    },
    Kind {
        name: "aliyun-dataplus",
        about: "A Dataplus (dtplus) request",
        examples: examples::ALIYUN_DATAPLUS,
        verify_examples: examples::VERIFY_ALIYUN_DATAPLUS,
        arguments: &[
            ID,
            METHOD,
            SENT_PATH,
            HEADERS,
            BODY,
            TIME,
            switch(
                "empty_body_without_md5",
                "empty-body-without-md5",
                "No MD5 of an empty body",
            ),
        ],
        carries: &[METHOD, SENT_PATH, HEADERS, BODY, SIGNER_STRING],
        secrets: ACCESS_KEY,
        variable: ACCESS_KEY_VARIABLE,
        sign: pop::sign_dataplus,
        verify: pop::verify_dataplus,
    },
    Kind {
        name: "oss-v1",
        about: "An OSS request, version 1, in headers",
        examples: examples::OSS_V1,
        verify_examples: examples::VERIFY_OSS_V1,
        arguments: &[ID, TOKEN, METHOD, BUCKET, KEY, QUERY, HEADERS, TIME],
        carries: &[METHOD, BUCKET, KEY, QUERY, HEADERS, SIGNER_STRING],
        secrets: ACCESS_KEY,
        variable: ACCESS_KEY_VARIABLE,
        sign: oss::sign_v1,
        verify: oss::verify_v1,
    },
    Kind {
        name: "oss-v1-url",
        about: "An OSS URL that expires, version 1",
        examples: examples::OSS_V1_URL,
        verify_examples: examples::VERIFY_OSS_V1_URL,
        arguments: &[
            ID, TOKEN, METHOD, BUCKET, KEY, QUERY, HEADERS, HOST, REGION, EXPIRES, TIME,
        ],
        carries: &[METHOD, BUCKET, KEY, QUERY, HEADERS, NOW, SIGNER_STRING],
        secrets: ACCESS_KEY,
        variable: ACCESS_KEY_VARIABLE,
        sign: oss::sign_v1_url,
        verify: oss::verify_v1_url,
    },
    Kind {
        name: "oss-v4",
        about: "An OSS request, version 4, in headers",
        examples: examples::OSS_V4,
        verify_examples: examples::VERIFY_OSS_V4,
        arguments: &[
            ID, TOKEN, METHOD, BUCKET, KEY, QUERY, HEADERS, REGION, ADDITIONAL, TIME,
        ],
        carries: &[
            METHOD,
            BUCKET,
            KEY,
            QUERY,
            HEADERS,
            SIGNER_STRING,
            SIGNER_CANONICAL,
        ],
        secrets: ACCESS_KEY,
        variable: ACCESS_KEY_VARIABLE,
        sign: oss::sign_v4,
        verify: oss::verify_v4,
    },
    Kind {
        name: "oss-v4-url",
        about: "An OSS URL that expires, version 4",
        examples: examples::OSS_V4_URL,
        verify_examples: examples::VERIFY_OSS_V4_URL,
        arguments: &[
            ID, TOKEN, METHOD, BUCKET, KEY, QUERY, HEADERS, HOST, REGION, ADDITIONAL, EXPIRES, TIME,
        ],
        carries: &[
            METHOD,
            BUCKET,
            KEY,
            QUERY,
            HEADERS,
            NOW,
            SIGNER_STRING,
            SIGNER_CANONICAL,
        ],
        secrets: ACCESS_KEY,
        variable: ACCESS_KEY_VARIABLE,
        sign: oss::sign_v4_url,
        verify: oss::verify_v4_url,
    },
    Kind {
        name: "tablestore-v2",
        about: "A Tablestore request, version 2, or a response",
        examples: examples::TABLESTORE_V2,
        verify_examples: examples::VERIFY_TABLESTORE_V2,
        arguments: &[
            ID,
            TOKEN,
            text("instance", "instance", "Instance"),
            PATH,
            HEADERS,
            BODY,
            TIME,
            RESPONSE,
        ],
        carries: &[PATH, HEADERS, BODY, RESPONSE, SIGNER_STRING],
        secrets: ACCESS_KEY,
        variable: ACCESS_KEY_VARIABLE,
        sign: tablestore::sign_v2,
        verify: tablestore::verify_v2,
    },
    Kind {
        name: "tablestore-v4",
        about: "A Tablestore request, version 4, or a response to one",
        examples: examples::TABLESTORE_V4,
        verify_examples: examples::VERIFY_TABLESTORE_V4,
        arguments: &[
            ID,
            TOKEN,
            text("instance", "instance", "Instance"),
            REGION,
            PATH,
            HEADERS,
            BODY,
            TIME,
            RESPONSE,
        ],
        carries: &[REGION, PATH, HEADERS, BODY, TIME, RESPONSE, SIGNER_STRING],
        secrets: ACCESS_KEY,
        variable: ACCESS_KEY_VARIABLE,
        sign: tablestore::sign_v4,
        verify: tablestore::verify_v4,
    },
    Kind {
        name: "huawei-bootstrap",
        about: "The login of a registration group's device at Huawei's bootstrap server",
        examples: examples::HUAWEI_BOOTSTRAP,
        verify_examples: examples::VERIFY_HUAWEI_BOOTSTRAP,
        arguments: &[
            DEVICE_ID,
            text("scope_id", "scope-id", "Scope id of the group"),
            HOUR,
            HOST,
            TIME,
        ],
        carries: &[CLIENT_ID, USERNAME, PASSWORD],
        secrets: &["group_secret"],
        variable: DEVICE_VARIABLE,
        sign: register::sign_huawei,
        verify: register::verify_huawei,
    },
    Kind {
        name: "huawei-aksk",
        about: "A request signed with AK and SK, SDK-HMAC-SHA256",
        examples: examples::HUAWEI_AKSK,
        verify_examples: examples::VERIFY_HUAWEI_AKSK,
        arguments: &[ID, TOKEN, METHOD, HOST, PATH, QUERY, HEADERS, BODY, TIME],
        carries: &[
            METHOD,
            HOST,
            PATH,
            QUERY,
            HEADERS,
            BODY,
            SIGNER_STRING,
            SIGNER_CANONICAL,
        ],
        secrets: ACCESS_KEY,
        variable: ACCESS_KEY_VARIABLE,
        sign: huawei::sign_aksk,
        verify: huawei::verify_aksk,
    },
    Kind {
        name: "huawei-v11",
        about: "A request signed with a derived key, V11-HMAC-SHA256",
        examples: examples::HUAWEI_V11,
        verify_examples: examples::VERIFY_HUAWEI_V11,
        arguments: &[ID, TOKEN, METHOD, HOST, PATH, QUERY, HEADERS, BODY, REGION, TIME],
        carries: &[
            METHOD,
            HOST,
            PATH,
            QUERY,
            HEADERS,
            BODY,
            SIGNER_STRING,
            SIGNER_CANONICAL,
        ],
        secrets: ACCESS_KEY,
        variable: ACCESS_KEY_VARIABLE,
        sign: huawei::sign_v11,
        verify: huawei::verify_v11,
    },
    Kind {
        name: "huawei-amqp",
        about: "The AMQP login of a consumer of Huawei's server-side subscriptions",
        examples: examples::HUAWEI_AMQP,
        verify_examples: examples::VERIFY_HUAWEI_AMQP,
        arguments: &[
            text("access_key", "access-key", "The access key"),
            INSTANCE_ID,
            TIME,
        ],
        carries: &[USERNAME, PASSWORD, NOW],
        secrets: &["access_code"],
        variable: "FACEIOT_ACCESS_CODE",
        sign: consumer::sign_huawei,
        verify: consumer::verify_huawei,
    },
    Kind {
        name: "meituan-v2",
        about: "A Meituan request, AWS signature version 2",
        examples: examples::MEITUAN_V2,
        verify_examples: examples::VERIFY_MEITUAN_V2,
        arguments: &[
            ID,
            METHOD,
            HOST,
            PATH,
            FORM,
            TIME,
            text(
                "timestamp_form",
                "timestamp-form",
                "millis, zeros3, zeros4, no-dot, seconds [default: millis]",
            ),
            text("order", "order", "keys, pairs, insertion [default: keys]"),
            text(
                "sign_method",
                "sign-method",
                "HmacSHA256 or HmacSHA1 [default: SignatureMethod of the form]",
            ),
            switch(
                "host_as_is",
                "host-as-is",
                "Sign the host as it stands, as botocore does",
            ),
        ],
        carries: &[METHOD, HOST, PATH, FORM, SIGNER_STRING],
        secrets: ACCESS_KEY,
        variable: ACCESS_KEY_VARIABLE,
        sign: meituan::sign,
        verify: meituan::verify,
    },
];
