// SPDX-License-Identifier: BSL-1.0
#include <arpa/inet.h>
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <math.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <regex.h>
#include <sched.h>
#include <search.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cmath>
#include <complex>
#include <concepts>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <numbers>
#include <numeric>
#include <optional>
#include <random>
#include <ranges>
#include <regex>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <oneapi/tbb.h>
#include <boost/hana.hpp>
#include <xsimd/xsimd.hpp>

#include <lamina/image_model.hpp>
#include <lamina/io/asl.hpp>
#include <lamina/io/mnist.hpp>
#include <lamina/lamina.hpp>

using namespace lamina;
using namespace std;

namespace {

using net = network<input<8, 8, 1>, conv2d<4, window<3, 3>, stride<1>, same>, relu, batch_norm<>,
                    max_pool<2, valid>, average_pool<2>, sequence<sigmoid>, repeat<2, leaky_relu<>>,
                    residual<hyperbolic_tangent>, dropout<0.5>, global_average_pool, flatten,
                    dense<2>, softmax>;

static_assert(a_network<net> && is_network<net> && is_shape<shape<2>>);
static_assert(std::same_as<net::output_shape, shape<2>>);
// `std` has a `mismatch` of its own, which messages do not mind.
static_assert(std::same_as<infer<input<4>, dense<0>>,
                           lamina::mismatch<at_layer<1>, layer<dense<0>>, receives<shape<4>>,
                                            breaks<rule::units_are_a_whole_number_of_at_least_1>>>);
static_assert(net::training_steps.contains(fused<softmax, loss>{}));
static_assert(net::inference_steps != steps<>{});
static_assert(activation_bytes<net, 32> < training_bytes<net, 32, rmsprop>);
static_assert(net::receptive_field != field{});
static_assert(std::same_as<batch_norm<momentum<0.5>, epsilon<0.25>>,
                           batch_norm<momentum<.5f>, epsilon<.25f>>>);

template <an_optimizer... Optimizers>
using optimizers = std::tuple<Optimizers...>;
using every_optimizer = optimizers<sgd, rmsprop, adam, adamw, any_optimizer>;
using every_trainer = std::tuple<trainer<net, sgd, mean_squared_error>*,
                                 trainer<net, rmsprop, cross_entropy>*, classifier<net>*>;
using every_record = std::tuple<history, epoch_record, batch_record, evaluation, prediction<2>>;
using every_view =
    std::tuple<examples, image_view, dataset, labelled_data, tensor, layer_description, parameter,
               forward_pass<float>, backward_pass<float>, error>;

// `std` has a `rotate` of its own.
using every_transform = augmentation<lamina::rotate<10>, zoom<0.1>, shift<0.1>, shear<5>,
                                     flip_horizontal, brightness<0.2>, contrast<0.2>, cutout<4>,
                                     elastic<8, 4>, mixup<0.2>, fill_edges<fill_mode::reflect>>;
using every_step =
    preprocessing<grey, crop_to_square, resize_to<8>, scale_to<0, 1>, standardise<0.5, 0.5>>;
using every_part = image_model<net, letters<"ab">, every_step, every_transform>;
static_assert(an_image_model<every_part> && every_part::labels::count == labels<"a", "b">::count);

constexpr auto begins = initializer::glorot_uniform;
constexpr auto place = epsilon_place::inside_root;
constexpr auto fusion = fusion_mode::training;
constexpr auto kind = layer_kind::custom;

[[maybe_unused]] void program(const std::filesystem::path& path) {
  const labelled_data data = path.empty() ? mnist::load() : asl::load(path);
  using settings = fit_options;
  [[maybe_unused]] const settings how{.epochs = 5, .batch = 32};
  [[maybe_unused]] const auto all = std::tuple(describe<net>(), begins, place, fusion, kind);
  [[maybe_unused]] every_optimizer all_optimizers;
  [[maybe_unused]] every_record records;
  [[maybe_unused]] every_trainer trainers;
  [[maybe_unused]] std::optional<every_view> views;
  [[maybe_unused]] const char* (*save_and_load)(classifier<net>&) = [](classifier<net>& one) {
    save(one, "weights.safetensors");
    load(one, "weights.safetensors");
    return "";
  };
}

}  // namespace
