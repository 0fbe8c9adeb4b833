// error: mismatch<.*at_layer<1>, .*repeat<0, .*receives<.*shape<8> ?>, .*a_block_is_repeated_at_least_once
#include <lamina/network.hpp>

using namespace lamina;

#ifdef EXPECT_ERROR
using net = network<input<8>, repeat<0, dense<8>, relu>, dense<2>>;
#else
using net = network<input<8>, repeat<1, dense<8>, relu>, dense<2>>;
#endif
