// error: mismatch<.*at_layer<0>, .*layer<.*dense<4> ?>, .*receives<.*nothing>, .*a_network_begins_with_input
#include <lamina/network.hpp>

using namespace lamina;

#ifdef EXPECT_ERROR
using net = network<dense<4>, relu>;
#else
using net = network<input<8>, dense<4>, relu>;
#endif
