// error: mismatch<.*at_layer<3>, .*layer<.*dense<0> ?>, .*receives<.*shape<4> ?>, .*units_are_a_whole_number_of_at_least_1
#include <lamina/network.hpp>

using namespace lamina;

#ifdef EXPECT_ERROR
using net = network<input<8>, dense<4>, relu, dense<0>, softmax>;
#else
using net = network<input<8>, dense<4>, relu, dense<1>, softmax>;
#endif
