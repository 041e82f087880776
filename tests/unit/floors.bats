#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# tests/floors, the step of `make lint` that keeps the folders apart: each test
# puts one violation into a copy of the tree and looks at the lines that are new.

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || exit
	tree=$BATS_TEST_TMPDIR/tree
	mkdir -p "$tree/build" "$tree/tests"
	cp -a Makefile helper common ctl pam_netns "$tree"
	cp -a build/{helper,common,ctl,pam_netns} "$tree/build"
	cp tests/floors "$tree/tests"
	cd "$tree" || exit
	tests/floors >before || true
}

new_lines() { # new_lines OBJECT...: builds these, prints what is reported now and was not before
	[ $# = 0 ] || make -s "${@/#/build/}" || return
	! tests/floors >after || return
	grep -vxFf before after
}

@test "lint: an upward call is refused with both ends and the symbol" {
	cat >>helper/base/timer.c <<-'END'
		void *pool_free(void *pool);
		int timer_up(void *pool);
		int timer_up(void *pool)
		{
			return pool_free(pool) != 0;
		}
	END
	run new_lines helper/base/timer.o
	[[ $output == *"helper/base/timer.o calls pool_free(), which helper/instance/pool.o defines: floor 2 may not use floor 4"* ]]
}

@test "lint: two files that call each other are refused as a circle" {
	cat >>helper/base/timer.c <<-'END'
		int log_up(void);
		int timer_up(void);
		int timer_up(void)
		{
			return log_up();
		}
	END
	cat >>helper/base/log.c <<-'END'
		int timer_up(void);
		int log_up(void);
		int log_up(void)
		{
			return timer_up();
		}
	END
	run new_lines helper/base/timer.o helper/base/log.o
	[ "$output" = "floors: circle of 2 files: helper/base/log.o uses timer_up() of helper/base/timer.o, which uses log_up() of helper/base/log.o" ]
}

@test "lint: an include of an upper floor is refused" {
	sed -i '1a #include "helper/server/session.h"' helper/base/timer.h
	run new_lines
	[[ $output == *"helper/base/timer.h includes \"helper/server/session.h\": floor 2 may not use floor 9"* ]]
}

@test "lint: common/ may neither call nor include common/policy/" {
	sed -i '1a #include "common/policy/policy.h"' common/deadline.h
	cat >>common/deadline.c <<-'END'
		int deadline_up(void), policy_guards(int, int);
		int deadline_up(void)
		{
			return policy_guards(0, 0);
		}
	END
	run new_lines common/deadline.o
	[[ $output == *"common/deadline.o calls policy_guards(), which common/policy/match.o defines: floor 1a may not use floor 1b"* ]]
	[[ $output == *"common/deadline.h includes \"common/policy/policy.h\": floor 1a may not use floor 1b"* ]]
}

@test "lint: the floors of CONTRIBUTING.md are those of tests/floors" {
	local floor folders folder n=0
	while IFS='|' read -r _ floor folders _; do
		for folder in ${folders//[,\`]/ }; do
			grep -qF "\"${folder%/}\": \"${floor// /}\"," tests/floors
			n=$((n + 1))
		done
	done < <(grep -E '^\| [0-9]+[ab]? \|' "$BATS_TEST_DIRNAME/../../CONTRIBUTING.md")
	[ "$n" -ge 14 ]
}

@test "lint: helper.h may include no floor" {
	sed -i '1a #include "helper/base/timer.h"' helper/helper.h
	run new_lines
	[ "$output" = "floors: helper/helper.h includes helper/base/timer.h: it may hold pointers only" ]
}

@test "lint: one program may not use another" {
	sed -i '1a #include "ctl/client.h"' helper/base/timer.h
	run new_lines
	[[ $output == *"helper/base/timer.h includes \"ctl/client.h\": helper/base/ may use common/ and no other program"* ]]
}

@test "lint: a folder without a floor is refused" {
	mkdir helper/attic
	touch helper/attic/attic.h
	run new_lines
	[ "$output" = "floors: helper/attic/ is missing in the table of tests/floors" ]
}
