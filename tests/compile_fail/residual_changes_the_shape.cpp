// error: mismatch<.*at_layer<2>, .*layer<.*residual<.*receives<.*shape<8, 8, 4> ?>, .*a_residual_block_keeps_its_shape
#include <lamina/network.hpp>

using namespace lamina;

#ifdef EXPECT_ERROR
using net = network<input<8, 8, 4>, relu, residual<conv2d<4, window<3>>, relu>>;
#else
using net = network<input<8, 8, 4>, relu, residual<conv2d<4, window<3>, same>, relu>>;
#endif
