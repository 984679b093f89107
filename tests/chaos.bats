#!/usr/bin/env bats
# A short round of chaos/run: kills, shortages and races with bystanders, and growth. `make chaos MINUTES=30` is the long one.

# bats test_tags=ctr-gc,ctr-rm,ctr-run
@test "chaos: bystanders stay whole, ctr-gc leaves nothing, nothing grows faster than its number" {
	run "$BATS_TEST_DIRNAME/chaos/run" "${CTR_TEST_CHAOS:-25}"
	echo "$output" | sed 's/^/# /' >&3
	[ "$status" -eq 0 ]
}
