/* One login, LOGINS times: prints the password, then how many instructions each took.
 * On a board QEMU's clock goes on by a nanosecond for each instruction (-icount shift=0), and SysTick counts that clock;
 * elsewhere the number is 0 and valgrind counts between the calls. */
#include <stdio.h>
#include <string.h>

#include "faceiot.h"

#if defined(__ARM_ARCH)
#define CONTROL (*(volatile uint32_t *)0xE000E010u) /* SysTick (ARMv7-M, B3.3): 24 bits, counting down */
#define RELOAD (*(volatile uint32_t *)0xE000E014u)
#define CURRENT (*(volatile uint32_t *)0xE000E018u)
#define NANOSECONDS 40u /* of a tick: the boards here have 25 MHz */
static void begin(void) {
    RELOAD = 0xFFFFFFu;
    CURRENT = 0;
    CONTROL = 5; /* processor clock, no interrupt */
    while (CURRENT == 0) {}
}
static uint32_t ticks(void) { return 0xFFFFFFu - CURRENT; }
#else
#define NANOSECONDS 0u
static void begin(void) {}
static uint32_t ticks(void) { return 0; }
#endif

static char buffer[FACEIOT_LOGIN_BUFFER];

int main(void) {
    faceiot_aliyun_device device = {"a1B2c3D4e5F", "camera", "0123456789abcdef0123456789abcdef"};
    faceiot_aliyun_options options;
    faceiot_login login;
    uint32_t before, after;
    int i;
    memset(&options, 0, sizeof options);
    options.client_id = "camera";
    options.timestamp = "1700000000000";
    begin();
    before = ticks();
    for (i = 0; i < LOGINS; i++)
        if (faceiot_aliyun_login_sha256(&device, &options, buffer, sizeof buffer, &login) != FACEIOT_OK) return 1;
    after = ticks();
    printf("%s\n%s\n%s\n%s\n%lu\n", login.host, login.client_id, login.username, login.password,
           (unsigned long)((after - before) * NANOSECONDS / LOGINS));
    return 0;
}
