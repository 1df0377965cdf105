/* What a Cortex-M needs before main(): a vector table, memory as C expects it, and the debugger's console. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

extern uint8_t board_data_load[], board_data[], board_data_end[], board_bss[], board_bss_end[], board_stack[];
extern void initialise_monitor_handles(void); /* newlib's librdimon: files and console over semihosting */
int main(void);

void reset(void) {
#if defined(__ARM_FP)
    *(volatile uint32_t *)0xE000ED88u |= 0xFu << 20; /* CPACR: the FPU may be used (ARMv7-M, B3.2.20) */
    __asm volatile("dsb\nisb");
#endif
    memcpy(board_data, board_data_load, (size_t)(board_data_end - board_data));
    memset(board_bss, 0, (size_t)(board_bss_end - board_bss));
    initialise_monitor_handles();
    exit(main());
}

/* A fault ends the run with status 3: it never hangs. */
static void fault(void) { _Exit(3); }

__attribute__((section(".vectors"), used)) static void (*const vectors[16])(void) = {
    (void (*)(void))board_stack, reset, fault, fault, fault, fault, fault,
};

/* newlib calls these around main(); there are no constructors here. */
void _init(void) {}
void _fini(void) {}
