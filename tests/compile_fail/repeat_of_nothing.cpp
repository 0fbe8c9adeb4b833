// error: mismatch<.*at_layer<1>, .*layer<.*repeat<3> ?>, .*receives<.*shape<8> ?>, .*a_block_has_at_least_one_layer
#include <lamina/network.hpp>

using namespace lamina;

#ifdef EXPECT_ERROR
using net = network<input<8>, repeat<3>, dense<2>>;
#else
using net = network<input<8>, repeat<3, relu>, dense<2>>;
#endif
