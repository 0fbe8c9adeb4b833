// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <lamina/network.hpp>

namespace lamina::bench {

namespace detail {

template <class Layer>
struct made_direct {
  using type = Layer;
};

template <auto Filters, class... Options>
struct made_direct<layers::conv2d<Filters, Options...>> {
  using base = layers::conv2d<Filters, Options...>;
  using type =
      std::conditional_t<base::is_direct, base, layers::conv2d<Filters, Options..., direct>>;
};

template <template <class...> class Block, class... Layers>
struct made_direct<Block<Layers...>> {
  using type = Block<typename made_direct<Layers>::type...>;
};

template <auto Times, class... Layers>
struct made_direct<layers::repeat<Times, Layers...>> {
  using type = layers::repeat<Times, typename made_direct<Layers>::type...>;
};

}  // namespace detail

/// The same network with every convolution computed directly: what those with fewer products are
/// held against.
template <a_network Net>
using made_direct = typename detail::made_direct<Net>::type;

}  // namespace lamina::bench
