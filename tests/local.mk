# SPDX-License-Identifier: Apache-2.0
include %D%/unit/local.mk
include %D%/sim/local.mk
include %D%/cluster/local.mk
include %D%/hosts/local.mk
include %D%/bench/local.mk
include %D%/style/local.mk
