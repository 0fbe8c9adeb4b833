// error: mismatch<.*at_layer<1>, .*layer<.*conv2d<8, .*relu> ?>, .*receives<.*shape<8, 8, 1> ?>, .*this_option_is_unknown_here
#include <lamina/network.hpp>

using namespace lamina;

#ifdef EXPECT_ERROR
using net = network<input<8, 8, 1>, conv2d<8, relu>>;
#else
using net = network<input<8, 8, 1>, conv2d<8, window<3>>, relu>;
#endif
