// error: mismatch<.*at_layer<2>, .*layer<.*input<4> ?>, .*receives<.*shape<4> ?>, .*a_network_has_one_input
#include <lamina/network.hpp>

using namespace lamina;

#ifdef EXPECT_ERROR
using net = network<input<8>, dense<4>, input<4>, dense<2>>;
#else
using net = network<input<8>, dense<4>, relu, dense<2>>;
#endif
