# _faceiot for the ports that are built with make (unix, stm32, qemu, samd ...):
#
#   make -C ports/PORT USER_C_MODULES=.../micropython FACEIOT=.../dist/c/TARGET
#
# FACEIOT is a folder with lib/libfaceiot.a and include/faceiot.h, as `make firmware` makes one for each target.

ifeq ($(wildcard $(FACEIOT)/lib/libfaceiot.a),)
$(error FACEIOT=$(FACEIOT) is no folder with lib/libfaceiot.a: `make firmware` builds one for each target)
endif

FACEIOT_MOD_DIR := $(USERMOD_DIR)
SRC_USERMOD_C += $(FACEIOT_MOD_DIR)/modfaceiot.c
CFLAGS_USERMOD += -I$(FACEIOT)/include
# Some ports set LIBS anew after this file is read, so the library comes by LDFLAGS. There it stands before the objects:
# each function that is called has to be asked for.
include $(FACEIOT_MOD_DIR)/symbols.mk
LDFLAGS_USERMOD += $(addprefix -u ,$(FACEIOT_SYMBOLS)) $(FACEIOT)/lib/libfaceiot.a
