# Jets one by one, each against the Nock that it stands for; those of the zkvm
# group if LOAM_ZKVM_PROBE names the jam of test/zk/zk-probe.hoon.
"$(program jets)"
