// SPDX-License-Identifier: BSL-1.0
#include <models/asl_cnn.hpp>
#include <models/asl_mlp.hpp>
#include <models/mnist_mlp.hpp>

#include <concepts>

using namespace lamina;
using models::asl_cnn;
using models::asl_mlp;
using models::mnist_mlp;

static_assert(mnist_mlp::parameter_count == 669'706);
static_assert(mnist_mlp::trained_parameter_count == 669'706);
static_assert(mnist_mlp::multiply_adds == 668'672);
static_assert(std::same_as<mnist_mlp::input_shape, shape<28, 28, 1>>);
static_assert(std::same_as<mnist_mlp::output_shape, shape<10>>);
static_assert(
    std::same_as<mnist_mlp::shapes, shape_list<shape<28, 28, 1>, shape<784>, shape<512>, shape<512>,
                                               shape<512>, shape<512>, shape<10>, shape<10>>>);

static_assert(asl_mlp::parameter_count == 676'888);

static_assert(asl_cnn::parameter_count == 264'049);
static_assert(asl_cnn::trained_parameter_count == 263'749);
static_assert(asl_cnn::multiply_adds == 7'912'538);
static_assert(asl_cnn::flops_forward > 15'000'000);
static_assert(asl_cnn::receptive_field == field{22, 22});
static_assert(asl_cnn::weight_bytes == 4 * 264'049);

static_assert(mnist_mlp::training_steps ==
              steps<fused<flatten>, fused<dense<512>, relu>, fused<dense<512>, relu>,
                    fused<dense<10>>, fused<softmax, loss>>{});
static_assert(mnist_mlp::inference_steps ==
              steps<fused<flatten>, fused<dense<512>, relu>, fused<dense<512>, relu>,
                    fused<dense<10>>, fused<softmax>>{});
static_assert(
    asl_cnn::training_steps.contains(fused<conv2d<50, window<3, 3>, same>, relu, dropout<0.2>>{}));
static_assert(asl_cnn::training_steps.contains(fused<batch_norm<>, max_pool<2, same>>{}));
static_assert(asl_cnn::training_steps.contains(
    fused<conv2d<75, window<3, 3>, same>, relu, batch_norm<>, max_pool<2, same>>{}));
static_assert(asl_cnn::inference_steps.contains(
    fused<conv2d<50, window<3, 3>, same>, relu, batch_norm<>, max_pool<2, same>>{}));
static_assert(asl_cnn::training_steps.size() == 9);

template <std::size_t Layer>
constexpr bool by_winograd =
    detail::takes_winograd<typename detail::located_at<asl_cnn::located_layers, Layer>::type>();
static_assert(!by_winograd<0> && by_winograd<4> && by_winograd<9>);
template <std::size_t Layer>
constexpr bool weights_by_winograd = detail::takes_winograd_for_weights<
    typename detail::located_at<asl_cnn::located_layers, Layer>::type>();
static_assert(weights_by_winograd<4> && !weights_by_winograd<9>);
