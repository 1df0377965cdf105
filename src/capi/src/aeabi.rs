//! The names by which ARM's compilers call `memcpy`, `memmove` and `memset`, in terms of C's.
//!
//! Without these lines a second copy of each would come along from Rust's own library, and a firmware has one already.

use core::arch::global_asm;

/// A function under its ARM name and the two names for aligned memory; what it needs in which register, then C's name.
macro_rules! renamed {
    ($name:literal, $arguments:literal, $function:literal) => {
        global_asm!(
            ".syntax unified",
            concat!(".section .text.", $name, ", \"ax\", %progbits"),
            ".balign 4",
            concat!(".global ", $name, ", ", $name, "4, ", $name, "8"),
            concat!(".type ", $name, ", %function"),
            concat!(".type ", $name, "4, %function"),
            concat!(".type ", $name, "8, %function"),
            concat!($name, ":"),
            concat!($name, "4:"),
            concat!($name, "8:"),
            $arguments,
            "push {{r4, lr}}",
            concat!("bl ", $function),
            "pop {{r4, pc}}",
            concat!(".size ", $name, ", . - ", $name),
        );
    };
}

renamed!("__aeabi_memcpy", "", "memcpy");
renamed!("__aeabi_memmove", "", "memmove");
// (memory, length, octet) instead of (memory, octet, length)
renamed!(
    "__aeabi_memset",
    "movs r3, r1; movs r1, r2; movs r2, r3",
    "memset"
);
// (memory, length)
renamed!("__aeabi_memclr", "movs r2, r1; movs r1, #0", "memset");
