// error: mismatch<.*at_layer<2>, .*layer<.*dropout<1\.5.*receives<.*shape<4> ?>, .*the_rate_is_at_least_0_and_less_than_1
#include <lamina/network.hpp>

using namespace lamina;

#ifdef EXPECT_ERROR
using net = network<input<8>, dense<4>, dropout<1.5>, dense<2>, softmax>;
#else
using net = network<input<8>, dense<4>, dropout<0.5>, dense<2>, softmax>;
#endif
