/* What a program needs to log in to Huawei Cloud: prints the password of the example of the documentation. */
#include <stdio.h>

#include "faceiot.h"

int main(void) {
    char buffer[FACEIOT_LOGIN_BUFFER];
    faceiot_login login;
    int32_t status = faceiot_huawei_login("5fbbb784b4ec2202e982e643_868540050954037", "ac4263b86eaf6442997a", "h",
                                          "2026010203", 1, 0, buffer, sizeof buffer, &login);
    if (status != FACEIOT_OK) {
        fprintf(stderr, "%s\n", faceiot_strerror(status));
        return 1;
    }
    puts(login.password);
    return 0;
}
