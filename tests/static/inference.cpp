// SPDX-License-Identifier: BSL-1.0
#include <lamina/network.hpp>

#include <concepts>
#include <type_traits>

using namespace lamina;

namespace {

template <class Net, class Shape>
inline constexpr bool gives = std::same_as<typename Net::output_shape, Shape>;

// numbers are normalised
static_assert(std::same_as<dense<512u>, dense<512>>);
static_assert(std::same_as<dense<512ll>, dense<512>>);
static_assert(std::same_as<dropout<.5f>, dropout<0.5>>);
static_assert(std::same_as<dropout<1 / 5>, dropout<0.0>>);
static_assert(std::same_as<leaky_relu<>, leaky_relu<0.01>>);
static_assert(std::same_as<window<3>, window<3, 3>>);

// windows, strides, padding
static_assert(gives<network<input<28, 28, 1>, conv2d<4, window<3>>>, shape<26, 26, 4>>);
static_assert(gives<network<input<28, 28, 1>, conv2d<4, window<3>, same>>, shape<28, 28, 4>>);
static_assert(
    gives<network<input<28, 28, 1>, conv2d<4, same, window<3>, stride<2>>>, shape<14, 14, 4>>);
static_assert(
    gives<network<input<28, 27, 3>, conv2d<4, stride<3, 2>, window<5, 2>>>, shape<8, 13, 4>>);
static_assert(
    gives<network<input<28, 28, 1>, conv2d<4, direct, window<3>, same>>, shape<28, 28, 4>>);
static_assert(gives<network<input<7, 7, 2>, max_pool<2>>, shape<3, 3, 2>>);
static_assert(gives<network<input<7, 7, 2>, max_pool<2, same>>, shape<4, 4, 2>>);
static_assert(gives<network<input<7, 7, 2>, average_pool<3, stride<1>>>, shape<5, 5, 2>>);
static_assert(gives<network<input<7, 5, 9>, global_average_pool>, shape<9>>);
static_assert(gives<network<input<7, 5, 9>, flatten>, shape<315>>);
static_assert(gives<network<input<7, 5, 9>>, shape<7, 5, 9>>);

// blocks
using block = sequence<conv2d<8, window<3>, same>, relu>;
static_assert(
    gives<network<input<8, 8, 1>, block, repeat<3, block>, residual<block>, flatten>, shape<512>>);
using deep = network<input<4>, repeat<3, residual<dense<4>, relu>>, dense<2>>;
static_assert(deep::parameter_count == 3 * 20 + 10);
static_assert(deep::training_steps.size() == 10);
static_assert(deep::training_steps.contains(fused<dense<4>, relu>{}));

// a mismatch names the layer, its place, the shape and the rule, and absorbs what follows
template <class At, class Layer, class Shape, class Rule>
using refused = mismatch<At, layer<Layer>, receives<Shape>, breaks<Rule>>;

static_assert(std::same_as<infer<input<28, 28, 1>, dense<3>, dense<0>>,
                           refused<at_layer<1>, dense<3>, shape<28, 28, 1>,
                                   rule::dense_needs_a_flat_input__put_flatten_before_it>>);
static_assert(std::same_as<infer<input<8>, sequence<relu, repeat<2, relu, dense<-1>>>>,
                           refused<at_layer<1, 2, 2>, dense<-1>, shape<8>,
                                   rule::units_are_a_whole_number_of_at_least_1>>);
static_assert(std::same_as<infer<input<8>, repeat<2, dense<8>, conv2d<1, window<1>>>>,
                           refused<at_layer<1, 2>, conv2d<1, window<1>>, shape<8>,
                                   rule::conv2d_needs_height_width_and_channels>>);
static_assert(std::same_as<infer<input<8, 8, 1>, conv2d<8, window<3>, direct, direct>>,
                           refused<at_layer<1>, conv2d<8, window<3>, direct, direct>,
                                   shape<8, 8, 1>, rule::an_option_is_given_once>>);
static_assert(std::same_as<infer<input<8, 8, 1>, max_pool<2, direct>>,
                           refused<at_layer<1>, max_pool<2, direct>, shape<8, 8, 1>,
                                   rule::this_option_is_unknown_here>>);
static_assert(std::same_as<infer<input<8>, batch_norm<momentum<2>>>,
                           refused<at_layer<1>, batch_norm<momentum<2.0>>, shape<8>,
                                   rule::the_momentum_is_at_least_0_and_less_than_1>>);
static_assert(std::same_as<infer<input<8>, leaky_relu<-1>>,
                           refused<at_layer<1>, leaky_relu<-1.0>, shape<8>,
                                   rule::the_slope_is_a_number_of_at_least_0>>);
static_assert(std::same_as<infer<input<8, 8>, flatten>,
                           refused<at_layer<0>, input<8, 8>, nothing,
                                   rule::an_input_is_a_size_or_height_width_and_channels>>);
static_assert(std::same_as<infer<input<8>, residual<softmax>, relu>,
                           refused<at_layer<1, 1>, softmax, shape<8>, rule::softmax_comes_last>>);

// the constraint is a requirement like any other
template <class... Layers>
concept makes_a_network = requires {
  typename network<Layers...>;
};
static_assert(makes_a_network<input<8>, dense<1>>);
static_assert(!makes_a_network<input<8>, dense<0>>);          // no units
static_assert(!makes_a_network<input<8>, dense<2.5>>);        // half a unit
static_assert(!makes_a_network<input<8>, dropout<1>>);        // nothing would be left
static_assert(!makes_a_network<input<8>, dropout<-0.1>>);     // a negative rate
static_assert(!makes_a_network<input<8>, batch_norm<same>>);  // an option of others
static_assert(!makes_a_network<input<4, 4, 1>, max_pool<0>>);
static_assert(!makes_a_network<input<4, 4, 1>, max_pool<2, window<2>>>);
static_assert(!makes_a_network<>);
static_assert(!makes_a_network<input<>>);
static_assert(!makes_a_network<input<50'000, 50'000, 3>, flatten>);  // more than memory holds

// fusion
static_assert(network<input<8, 8, 1>, conv2d<2, window<3>>, batch_norm<>, relu>::inference_steps ==
              steps<fused<conv2d<2, window<3>>, batch_norm<>, relu>>{});
static_assert(network<input<8, 8, 1>, conv2d<2, window<3>>, batch_norm<>, relu>::training_steps ==
              steps<fused<conv2d<2, window<3>>>, fused<batch_norm<>>, fused<relu>>{});
template <class... Layers>
using image_network = network<input<9, 8, 2>, Layers...>;
using small = conv2d<3, window<2>>;  // 8 terms, (8, 7, 3)
using large = conv2d<3, window<3>>;  // 18 terms, (7, 6, 3)
static_assert(image_network<small, batch_norm<>, max_pool<2, same>>::training_steps ==
              steps<fused<small, batch_norm<>, max_pool<2, same>>>{});
static_assert(
    image_network<small, relu, batch_norm<>, max_pool<2>>::training_steps ==
    steps<fused<small, relu>, fused<batch_norm<>, max_pool<2>>>{});  // a column is left over
static_assert(image_network<small, relu, batch_norm<>, max_pool<2, stride<1>>>::inference_steps ==
              steps<fused<small, relu, batch_norm<>>, fused<max_pool<2, stride<1>>>>{});
static_assert(image_network<large, relu, batch_norm<>, max_pool<2, same>>::training_steps ==
              steps<fused<large, relu>, fused<batch_norm<>, max_pool<2, same>>>{});
static_assert(image_network<large, relu, batch_norm<>, max_pool<2, same>>::inference_steps ==
              steps<fused<large, relu, batch_norm<>, max_pool<2, same>>>{});
static_assert(image_network<large, relu, max_pool<2, same>>::inference_steps ==
              steps<fused<large, relu, max_pool<2, same>>>{});
static_assert(image_network<relu, small, batch_norm<>, max_pool<2, same>>::training_steps ==
              steps<fused<relu>, fused<small>, fused<batch_norm<>, max_pool<2, same>>>{});
static_assert(network<input<8>, dense<4>, sigmoid, dropout<0.5>>::training_steps ==
              steps<fused<dense<4>, sigmoid>, fused<dropout<0.5>>>{});
static_assert(network<input<8>, dropout<0.5>, dense<4>, dropout<0.5>>::inference_steps ==
              steps<fused<dense<4>>>{});

// memory: what is never alive together shares its place
using wide = network<input<100>, dense<100>, relu, dense<100>, relu, dense<100>, relu, dense<100>>;
using wide_plan = detail::blueprint<wide::located_layers, fusion_mode::inference>;
static_assert(wide_plan::memory.peak == 200);
static_assert(wide_plan::memory.without_reuse == 500);
static_assert(activation_bytes<wide, 1> == 200 * 16 * 4);
static_assert(activation_bytes<wide, 17> == 2 * 200 * 16 * 4);

struct no_states {
  static constexpr int states = 0;
};
struct two_states {
  static constexpr int states = 2;
};
static_assert(training_bytes<wide, 16, two_states> - training_bytes<wide, 16, no_states> ==
              2 * 4 * 4 * (100 * 100 + 112));
using wide_training = detail::blueprint<wide::located_layers, fusion_mode::training>;
static_assert(wide_training::memory.peak < wide_training::memory.without_reuse);

// what a dense layer leaves to the one before it is kept until that one is done
static_assert(!wide_training::leaves_weights(0) && wide_training::leaves_weights(1));
static_assert(wide_training::leaves_weights(3) && !wide_training::leaves_weights(4));
static_assert(wide_training::transposes_before(1) && !wide_training::transposes_before(2));
constexpr bool apart(std::ptrdiff_t one, std::ptrdiff_t other, std::ptrdiff_t size) {
  return one + size <= other || other + size <= one;
}
constexpr auto& places = wide_training::memory;
static_assert(apart(places.gradient[3], places.gradient[1], 112));  // by 112 for the transposed
static_assert(apart(places.workspace[2], places.gradient[1], 112));
static_assert(apart(places.workspace[2], places.workspace[1], 112));
static_assert(apart(places.workspace[0], places.workspace[1], 112));

// cross-entropy reads the logits while it writes their gradient
using many_classes = network<input<40>, dense<100>, softmax>;
constexpr auto& classes =
    detail::blueprint<many_classes::located_layers, fusion_mode::training>::memory;
static_assert(apart(classes.gradient[1], classes.value[1], 100));
static_assert(apart(classes.gradient[1], classes.value[2], 100));

// the halves of an input's gradient are there together
using very_wide = network<input<9>, dense<256>, relu, dense<256>, relu, dense<256>>;
constexpr auto& many = detail::blueprint<very_wide::located_layers, fusion_mode::training>::memory;
static_assert(apart(many.half[2], many.gradient[2], 256));
static_assert(apart(many.half[2], many.value[2], 256));
static_assert(apart(many.half[1], many.gradient[1], 256));
static_assert(apart(many.half[1], many.workspace[2], 256));

}  // namespace
