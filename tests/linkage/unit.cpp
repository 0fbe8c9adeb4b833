// SPDX-License-Identifier: BSL-1.0
#include "small_network.hpp"

double loss_in_another_unit() { return linkage::loss_after_training(); }
