// error: mismatch<.*at_layer<1>, .*layer<.*dense<10> ?>, .*receives<.*shape<28, 28, 1> ?>, .*dense_needs_a_flat_input__put_flatten_before_it
// cascade
#include <lamina/network.hpp>

using namespace lamina;

#ifdef EXPECT_ERROR
using net = network<input<28, 28, 1>, dense<10>, softmax>;
#else
using net = network<input<28, 28, 1>, flatten, dense<10>, softmax>;
#endif

static_assert(net::parameter_count == 7850);
static_assert(net::output_shape::size == 10);
