# SPDX-License-Identifier: GPL-2.0-or-later
#
#   make            build/pam_netns.so build/netns-pamd build/netns-pam
#   make deps       what building and testing need, from Debian's packages
#   make check      every test          make demo    real logins, to look at
#   make install    DESTDIR= PREFIX=    make lint    make bench    make fuzz
#   SAN=1           with AddressSanitizer and UBSan (into build/san)

PREFIX	   ?= /usr
SYSCONFDIR ?= /etc
LIBDIR	   ?= $(PREFIX)/lib/$(shell $(CC) -print-multiarch)
SBINDIR	   ?= $(PREFIX)/sbin
MANDIR	   ?= $(PREFIX)/share/man
UNITDIR	   ?= /lib/systemd/system
PAMDIR	   ?= /lib/$(shell $(CC) -print-multiarch)/security
DESTDIR	   ?=

ifeq ($(origin CC),default)
CC	   := gcc
endif
PKG_CONFIG ?= pkg-config

VERSION	   := 0.1.0

B	   := build$(if $(SAN),/san)

WARNINGS := -Wall -Wextra -Wshadow -Wformat=2 -Wundef -Wvla -Wwrite-strings \
	-Wcast-qual -Wpointer-arith -Wstrict-prototypes -Wold-style-definition \
	-Wmissing-prototypes -Wswitch-enum -Wimplicit-fallthrough \
	-Wnull-dereference -Wconversion -Wno-sign-conversion \
	$(if $(findstring gcc,$(shell $(CC) --version)),-Wlogical-op \
	-Wduplicated-cond -Wduplicated-branches -Wformat-truncation=2)
HARDENING := -fstack-protector-strong -fstack-clash-protection \
	-fno-strict-aliasing -fcf-protection -ftrivial-auto-var-init=zero
SANITIZE := $(if $(SAN),-fsanitize=address$(comma)undefined \
	-fno-sanitize-recover=all -fno-omit-frame-pointer)
comma	 := ,

CFLAGS	 ?= -O2 -g
FORTIFY	 := $(if $(SAN),,$(if $(findstring FORTIFY,$(CPPFLAGS) $(CFLAGS)),,-D_FORTIFY_SOURCE=3))
ALL_CPPFLAGS = -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -Icommon $(FORTIFY) $(CPPFLAGS)
ALL_CFLAGS   = -std=gnu11 -fPIC $(WARNINGS) $(HARDENING) $(SANITIZE) $(CFLAGS)
ALL_LDFLAGS  = -Wl,-z,relro,-z,now,-z,noexecstack$(if $(SAN),,$(comma)-z$(comma)defs) $(SANITIZE) $(LDFLAGS)

COMMON_SRC := $(wildcard common/*.c)
MODULE_SRC := $(wildcard pam_netns/*.c)
HELPER_SRC := $(wildcard helper/*.c)
CTL_SRC	   := $(wildcard ctl/*.c)

objects = $(patsubst %.c,$(B)/%.o,$(1))

HELPER_LIBS = -linih -lmnl -lnftables -lsystemd -lcap-ng
CTL_LIBS    = -linih -ljansson
MODULE_LIBS = -linih -lpam

all: $(B)/pam_netns.so $(B)/netns-pamd $(B)/netns-pam

$(B)/pam_netns.so: $(call objects,$(MODULE_SRC)) $(B)/libcommon.a pam_netns/pam_netns.map
	$(CC) -shared $(ALL_CFLAGS) $(ALL_LDFLAGS) \
		-Wl,--version-script=pam_netns/pam_netns.map \
		-o $@ $(filter %.o %.a,$^) $(MODULE_LIBS)

$(B)/netns-pamd: $(call objects,$(HELPER_SRC)) $(B)/libcommon.a
	$(CC) -pie $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(HELPER_LIBS)

$(B)/netns-pam: $(call objects,$(CTL_SRC)) $(B)/libcommon.a
	$(CC) -pie $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(CTL_LIBS)

$(B)/libcommon.a: $(call objects,$(COMMON_SRC))
	rm -f $@
	$(AR) rcs $@ $^

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

clean:
	rm -rf build

.PHONY: all clean
.SECONDARY:

-include $(shell find $(B) -name '*.d' 2>/dev/null)
