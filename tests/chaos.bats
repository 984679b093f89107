#!/usr/bin/env bats
# A short run of chaos/run: kills, shortages and races beside containers that must stay whole, and
# growth. `make chaos MINUTES=30` is the long run.

# bats test_tags=ctr-gc,ctr-rm,ctr-run
@test "chaos: bystanders stay whole, ctr-gc leaves nothing, nothing grows faster than its number" {
	run "$BATS_TEST_DIRNAME/chaos/run" "${CTR_TEST_CHAOS:-25}"
	echo "$output" | sed 's/^/# /' >&3
	[ "$status" -eq 0 ]
}
