//! What devices write into their messages, read into types. Pure.

pub(crate) mod alink;
pub(crate) mod huawei;
