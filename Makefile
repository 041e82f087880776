# SPDX-License-Identifier: GPL-2.0-or-later
#
#   make            build/pam_netns.so build/netns-pamd build/netns-pam
#   make deps       what building needs, from Debian's packages; the other
#                   targets install what they need
#   make check      every test          make demo    real logins, to look at
#   make install    DESTDIR= PREFIX=    make lint    make bench    make fuzz
#   make deb        build/netns-pam_VERSION_ARCH.deb
#   make compile_commands.json      for clangd and other editors' servers
#   SAN=1           with AddressSanitizer and UBSan (into build/san)

PREFIX	   ?= /usr
SBINDIR	   ?= $(PREFIX)/sbin
MANDIR	   ?= $(PREFIX)/share/man
DOCDIR	   ?= $(PREFIX)/share/doc/netns-pam
LIBEXECDIR ?= $(PREFIX)/lib/netns-pam
TMPFILES   ?= $(PREFIX)/lib/tmpfiles.d
SYSUSERS   ?= $(PREFIX)/lib/sysusers.d
UNITDIR	   ?= /lib/systemd/system
MULTIARCH   = $(or $(shell $(CC) -print-multiarch 2>/dev/null),$(shell \
	dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null))
PAMDIR	   ?= $(or $(MULTIARCH:%=/lib/%/security),$(error where does libpam look for \
	its modules? Neither $(CC) nor dpkg-architecture says: give PAMDIR=, such \
	as PAMDIR=/usr/lib64/security))
PAMCONFIGS ?= /usr/share/pam-configs
UDEVDIR	   ?= /lib/udev/rules.d
NETWORKDIR ?= /lib/systemd/network
NMDIR	   ?= /usr/lib/NetworkManager/conf.d
FIREWALLDDIR ?= /usr/lib/firewalld
DESTDIR	   ?=

ifeq ($(origin CC),default)
CC	   := gcc
endif
CLANG	   ?= clang

VERSION	   := 0.1.0

B	   := build$(if $(SAN),/san)

comma	 := ,
WARNINGS := -Wall -Wextra -Wno-unused-parameter -Wshadow -Wformat=2 -Wundef -Wvla -Wwrite-strings \
	-Wcast-qual -Wpointer-arith -Wstrict-prototypes -Wold-style-definition \
	-Wmissing-prototypes -Wswitch-enum -Wimplicit-fallthrough \
	-Wnull-dereference -Wconversion -Wno-sign-conversion \
	$(if $(findstring gcc,$(shell $(CC) --version 2>/dev/null)),-Wlogical-op \
	-Wduplicated-cond -Wduplicated-branches -Wformat-truncation=2)
HARDENING := -fstack-protector-strong -fstack-clash-protection \
	-fno-strict-aliasing -fcf-protection -ftrivial-auto-var-init=zero
SANITIZE := $(if $(SAN),-fsanitize=address$(comma)undefined \
	-fno-sanitize-recover=all -fno-omit-frame-pointer)

CFLAGS	 ?= -O2 -g
FORTIFY	 := $(if $(SAN),,$(if $(findstring FORTIFY,$(CPPFLAGS) $(CFLAGS)),,-D_FORTIFY_SOURCE=3))
ALL_CPPFLAGS = -D_GNU_SOURCE -DVERSION='"$(VERSION)"' \
	-DLIBEXECDIR='"$(LIBEXECDIR)"' -I. $(FORTIFY) $(CPPFLAGS)
ALL_CFLAGS   = -std=gnu11 -fPIC $(WARNINGS) $(HARDENING) $(SANITIZE) $(CFLAGS)
ALL_LDFLAGS  = -Wl,-z,relro,-z,now,-z,noexecstack$(if $(SAN),,$(comma)-z$(comma)defs) $(SANITIZE) $(LDFLAGS)

COMMON_SRC := $(wildcard common/*.c common/*/*.c)
MODULE_SRC := $(wildcard pam_netns/*.c)
HELPER_SRC := $(wildcard helper/*.c helper/*/*.c helper/*/*/*.c)
CTL_SRC	   := $(wildcard ctl/*.c)

objects = $(patsubst %.c,$(B)/%.o,$(1))

HELPER_LIBS = -linih -lmnl -lnftables -lsystemd -lcap-ng
CTL_LIBS    = -linih -ljansson
MODULE_LIBS = -linih -lpam
TEST_LIBS   = -lcmocka -linih -ljansson -lpam -ldl

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

$(B)/helper/firewall/nft.o: helper/firewall/firewall.nft helper/firewall/bridge.nft # .incbin

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

deps:
	@tests/deps build

# ---- installing: the module is renamed into place, since a login that comes
# while it is missing is refused; the policy is the administrator's

UNITS = netns-pamd.socket netns-pamd.service

# for those who would configure our interfaces, or filter them: packaging/host/SOURCE:PLACE
HOST_FILES = udev.rules:$(UDEVDIR)/79-netns-pam.rules \
	udev-late.rules:$(UDEVDIR)/99-z-netns-pam.rules \
	netns-pam.link:$(NETWORKDIR)/70-netns-pam.link \
	netns-pam.network:$(NETWORKDIR)/10-netns-pam.network \
	netns-pam-switch.network:$(NETWORKDIR)/10-netns-pam-switch.network \
	NetworkManager.conf:$(NMDIR)/netns-pam.conf \
	firewalld-zone.xml:$(FIREWALLDDIR)/zones/netns-pam.xml

install: all
	install -d $(DESTDIR)$(PAMDIR)
	install -m 644 $(B)/pam_netns.so $(DESTDIR)$(PAMDIR)/.pam_netns.so.new
	mv -f $(DESTDIR)$(PAMDIR)/.pam_netns.so.new $(DESTDIR)$(PAMDIR)/pam_netns.so
	install -D -m 755 -t $(DESTDIR)$(SBINDIR) $(B)/netns-pamd $(B)/netns-pam
	install -D -m 755 -t $(DESTDIR)$(LIBEXECDIR) packaging/link-event
	test -e $(DESTDIR)/etc/netns-pam.conf || \
		install -D -m 644 conf/netns-pam.conf $(DESTDIR)/etc/netns-pam.conf
	install -d $(DESTDIR)/etc/netns-pam.conf.d
	install -D -m 644 -t $(DESTDIR)$(MANDIR)/man8 $(wildcard man/*.8)
	install -D -m 644 -t $(DESTDIR)$(MANDIR)/man5 $(wildcard man/*.5)
	install -D -m 644 -t $(DESTDIR)$(UNITDIR) $(addprefix packaging/,$(UNITS))
	sed -i 's|=/usr/sbin/|=$(SBINDIR)/|' $(DESTDIR)$(UNITDIR)/netns-pamd.service
	install -D -m 644 packaging/tmpfiles.conf $(DESTDIR)$(TMPFILES)/netns-pam.conf
	install -D -m 644 packaging/sysusers.conf $(DESTDIR)$(SYSUSERS)/netns-pam.conf
	install -D -m 644 packaging/pam-config $(DESTDIR)$(PAMCONFIGS)/netns-pam
	for f in $(HOST_FILES); do \
		install -D -m 644 packaging/host/$${f%%:*} $(DESTDIR)$${f#*:} || exit 1; done
	install -D -m 644 -t $(DESTDIR)$(DOCDIR) README.md NEWS.md SECURITY.md \
		conf/netns-pam.conf packaging/pam.snippet
	cd conf/examples && find . -type f -exec install -D -m 644 {} \
		$(abspath $(DESTDIR)/$(DOCDIR))/examples/{} \;

# lines that name the module, wherever libpam looks for stacks
NAMED = grep -Rs '^[^\#]*pam_netns\.so' $(addprefix $(DESTDIR),/etc/pam.d /usr/lib/pam.d /etc/pam.conf)
REFUSE = [ -z "$$named" ] || { echo "uninstall: cannot remove pam_netns.so: PAM files name it: $$named; remove these lines first" >&2; false; }

# Refused while a PAM stack still names the module: every login would fail. What
# pam-auth-update wrote is taken out, but not before the rest is known to be.
uninstall:
	@named=$$($(NAMED) $(if $(DESTDIR),,| grep -v '^/etc/pam\.d/common-session')); $(REFUSE)
	$(if $(DESTDIR),,! command -v pam-auth-update >/dev/null || \
		pam-auth-update --package --remove netns-pam)
	@named=$$($(NAMED)); $(REFUSE)
	$(if $(DESTDIR),,! command -v systemctl >/dev/null || systemctl -q disable $(UNITS))
	$(if $(DESTDIR),,[ ! -d /run/systemd/system ] || systemctl stop $(UNITS))
	rm -f $(DESTDIR)$(PAMDIR)/pam_netns.so $(DESTDIR)$(PAMCONFIGS)/netns-pam \
		$(addprefix $(DESTDIR)$(SBINDIR)/,netns-pamd netns-pam) \
		$(addprefix $(DESTDIR)$(UNITDIR)/,$(UNITS)) \
		$(addprefix $(DESTDIR)$(MANDIR)/man8/,$(notdir $(wildcard man/*.8))) \
		$(addprefix $(DESTDIR)$(MANDIR)/man5/,$(notdir $(wildcard man/*.5))) \
		$(DESTDIR)$(TMPFILES)/netns-pam.conf \
		$(DESTDIR)$(SYSUSERS)/netns-pam.conf \
		$(foreach f,$(HOST_FILES),$(DESTDIR)$(word 2,$(subst :, ,$(f))))
	rm -rf $(DESTDIR)$(DOCDIR) $(DESTDIR)$(LIBEXECDIR)
	rmdir $(DESTDIR)/etc/netns-pam.conf.d 2>/dev/null || true
	$(if $(DESTDIR),,sh packaging/deb/postrm remove)

deb: all
	packaging/mkdeb $(B) $(VERSION)

# ---- tests

UNIT_TESTS := $(patsubst %.c,$(B)/%,$(wildcard tests/unit/test_*.c tests/pam/test_*.c \
	tests/helper/test_*.c))
REPLAYS	   := $(patsubst tests/fuzz/fuzz_%.c,$(B)/tests/fuzz/replay_%,$(wildcard tests/fuzz/fuzz_*.c))
BATS	   := $(wildcard tests/*/*.bats)
TESTS	   ?= $(UNIT_TESTS) $(REPLAYS) $(BATS)

# what the tests of a folder share, and the parts that they are tests of
shared = $(call objects,$(filter-out tests/$(1)/test_%,$(wildcard tests/$(1)/*.c)))
MODULE_PARTS = $(call objects,$(filter-out pam_netns/pam_netns.c,$(MODULE_SRC)))
HELPER_PARTS = $(call objects,$(filter-out helper/main.c,$(HELPER_SRC)))

$(B)/tests/unit/%: $(B)/tests/unit/%.o $(call shared,unit) $(B)/libcommon.a
	$(CC) -pie $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(TEST_LIBS)

$(B)/tests/pam/%: $(B)/tests/pam/%.o $(call shared,pam) $(MODULE_PARTS) $(B)/libcommon.a
	$(CC) -pie $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(TEST_LIBS)

$(B)/tests/helper/%: $(B)/tests/helper/%.o $(call shared,helper) $(HELPER_PARTS) $(B)/libcommon.a
	$(CC) -pie $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(TEST_LIBS) $(HELPER_LIBS)

# A harness includes the parser that it is for; what that needs is in the archive.
$(B)/tests/fuzz/replay_%: $(B)/tests/fuzz/fuzz_%.o $(B)/tests/fuzz/replay.o $(B)/libhelper.a $(B)/libcommon.a
	$(CC) -pie $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(TEST_LIBS) $(HELPER_LIBS)

$(B)/libhelper.a: $(HELPER_PARTS)
	rm -f $@
	$(AR) rcs $@ $^

# one compiler for each processor, unless this make was told how many
PARALLEL = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))

tests: all $(UNIT_TESTS) $(REPLAYS)

# With SAN=1 the programs under test are the sanitized ones, but what sshd and
# its like load is the plain module: they are not built for it.
check:
	@tests/progress packages tests/deps build test
	@tests/progress building $(MAKE) --no-print-directory -s $(PARALLEL) tests
	@tests/progress building $(MAKE) --no-print-directory -s SAN= $(PARALLEL) deb
	@tests/check $(B) $(TESTS)

# the programs alone, such as with SAN=1
check-programs: tests
	@tests/check $(B) $(UNIT_TESTS) $(REPLAYS)

demo:
	@tests/deps build demo
	@$(MAKE) --no-print-directory -s SAN= deb
	@tests/sandbox tests/demo

bench:
	@tests/deps build bench
	@$(MAKE) --no-print-directory -s all
	tests/bench/run

lint: # the floors are read from the object files
	@tests/deps build lint
	@$(MAKE) --no-print-directory -s $(PARALLEL) all
	@CC=$(CC) B=$(B) tests/lint

FUZZ_SECONDS ?= 30
FUZZERS	     := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))

fuzz: $(addprefix build/fuzz/,$(FUZZERS))
	for f in $(FUZZERS); do \
		mkdir -p build/fuzz/corpus/$$f tests/fuzz/corpus/$${f#fuzz_}; \
		build/fuzz/$$f -max_total_time=$(FUZZ_SECONDS) -timeout=5 -print_final_stats=1 \
			-rss_limit_mb=2048 -artifact_prefix=build/fuzz/ \
			build/fuzz/corpus/$$f tests/fuzz/corpus/$${f#fuzz_} || exit 1; done

fuzz-deps:
	@tests/deps build fuzz

FUZZ_CFLAGS = -std=gnu11 -g -O1 -D_GNU_SOURCE -DVERSION='"$(VERSION)"' \
	-DLIBEXECDIR='"$(LIBEXECDIR)"' -I. -fsanitize=address,undefined \
	-fno-sanitize-recover=all -Wno-gnu-variable-sized-type-not-at-end
FUZZ_PARTS  = $(patsubst %.c,build/fuzz/%.o,$(COMMON_SRC) \
	$(filter-out helper/main.c,$(HELPER_SRC)))

build/fuzz/fuzz_%: build/fuzz/tests/fuzz/fuzz_%.o build/fuzz/parts.a
	$(CLANG) $(FUZZ_CFLAGS) -fsanitize=fuzzer -o $@ $^ $(HELPER_LIBS)

build/fuzz/parts.a: $(FUZZ_PARTS)
	rm -f $@
	$(AR) rcs $@ $^

build/fuzz/helper/firewall/nft.o: helper/firewall/firewall.nft helper/firewall/bridge.nft

build/fuzz/%.o: %.c
	@mkdir -p $(@D)
	$(CLANG) $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

# ---- for editors: see .clangd

define newline


endef
ALL_SRC = $(COMMON_SRC) $(MODULE_SRC) $(HELPER_SRC) $(CTL_SRC) $(wildcard tests/*/*.c)
compile_command = {"directory": "$(CURDIR)", "file": "$(1)", "command": \
	"$(subst ",\",$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -c $(1))"}

compile_commands.json:
	$(file >$@,[$(subst } {,}$(comma)$(newline){,$(foreach \
		f,$(ALL_SRC),$(strip $(call compile_command,$f))))])
	@:

clean:
	rm -rf build compile_commands.json

.PHONY: all deps install uninstall deb tests check check-programs demo bench lint fuzz fuzz-deps clean \
	compile_commands.json
.SECONDARY:

-include $(shell find $(B) -name '*.d' -not -path '*/logs/*' 2>/dev/null)
