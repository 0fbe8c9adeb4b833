// error: mismatch<.*at_layer<2>, .*layer<.*sequence<> ?>, .*receives<.*shape<4> ?>, .*a_block_has_at_least_one_layer
#include <lamina/network.hpp>

using namespace lamina;

#ifdef EXPECT_ERROR
using net = network<input<8>, dense<4>, sequence<>, dense<2>>;
#else
using net = network<input<8>, dense<4>, sequence<relu>, dense<2>>;
#endif
