// error: mismatch<.*at_layer<1>, .*layer<.*conv2d<8, .*same, .*valid> ?>, .*receives<.*shape<8, 8, 1> ?>, .*an_option_is_given_once
#include <lamina/network.hpp>

using namespace lamina;

#ifdef EXPECT_ERROR
using net = network<input<8, 8, 1>, conv2d<8, window<3>, same, valid>>;
#else
using net = network<input<8, 8, 1>, conv2d<8, window<3>, valid>>;
#endif
