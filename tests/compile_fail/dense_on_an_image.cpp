// error: mismatch<.*at_layer<3>, .*layer<.*dense<512> ?>, .*receives<.*shape<26, 26, 8> ?>, .*dense_needs_a_flat_input__put_flatten_before_it
#include <lamina/network.hpp>

using namespace lamina;

#ifdef EXPECT_ERROR
using net = network<input<28, 28, 1>, conv2d<8, window<3, 3>>, relu, dense<512>>;
#else
using net = network<input<28, 28, 1>, conv2d<8, window<3, 3>>, relu, flatten, dense<512>>;
#endif
