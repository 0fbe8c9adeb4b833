// error: mismatch<.*at_layer<1>, .*layer<.*residual<> ?>, .*receives<.*shape<8> ?>, .*a_block_has_at_least_one_layer
#include <lamina/network.hpp>

using namespace lamina;

#ifdef EXPECT_ERROR
using net = network<input<8>, residual<>, dense<2>>;
#else
using net = network<input<8>, residual<relu>, dense<2>>;
#endif
